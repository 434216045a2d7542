"""Properties of the protocol: values, secrets and names."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plugins import (
    UNKNOWN,
)
from pulumi_cosjob import parse_describe_job_result
from pulumi_cosjob._model.job import JobDescription
from pulumi_cosjob._model.naming import camel_name, in_camel_case, in_snake_case, snake_name
from pulumi_cosjob._model.serialization import from_plain, to_plain
from pulumi_cosjob._plugin.properties import Properties, from_struct, to_struct

TEXTS = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXTS | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.data())
def test_properties_are_read_as_they_were_written(values: dict[str, Any], data: st.DataObject) -> None:
    """This holds for values, secrets and unknown values, at any depth."""
    secret = frozenset(data.draw(st.sets(st.sampled_from(sorted(values))))) if values else frozenset()
    assert from_struct(to_struct(Properties(values, secret))) == Properties(values, secret)


def test_secrets_and_outputs_inside_of_values_are_found() -> None:
    """The engine marks parts of a list, and sends outputs with their dependencies."""
    signature = "4dabf18193072939515e22adb298388d"
    struct = to_struct(
        Properties(
            {
                "ids": ["a", {signature: "1b47061264138c4ac30d75fd1eb44270", "value": "b"}],
                "plain": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "c", "dependencies": []},
                "output": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "d", "secret": True},
                "later": {signature: "d0e6a833031e9bbcd3f4e8bde6ca49a4"},
            }
        )
    )
    read = from_struct(struct)
    assert read.values == {"ids": ["a", "b"], "plain": "c", "output": "d", "later": UNKNOWN}
    assert read.secret == {"ids", "output"}


def test_names_in_camel_case_convert_back_to_the_fields(full_response: bytes) -> None:
    """Each field of each element has one name in camel case."""
    description = parse_describe_job_result(full_response)
    plain = to_plain(description)
    assert in_snake_case(in_camel_case(plain)) == plain
    assert to_plain(from_plain(JobDescription, in_snake_case(in_camel_case(plain)))) == plain
    for name in (
        "cos_put_object_copy",
        "sse_algorithm",
        "etag",
        "unmodified_since_constraint",
        "number_of_tasks_failed",
    ):
        assert snake_name(camel_name(name)) == name
