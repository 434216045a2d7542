"""Secrets in messages: found in every form that messages write, in time that grows with the text alone."""

from __future__ import annotations

import time

from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_cosjob._program.secret_texts import SecretTexts
from pulumi_cosjob._text import QUOTED_LENGTH, escaped, quoted

SHORT = st.text("ab'\n", min_size=1, max_size=4)


@given(st.lists(SHORT, max_size=6), st.text("ab'\nxyz[]", max_size=30))
def test_nothing_of_a_secret_is_left(secrets: list[str], text: str) -> None:
    """Exactly the characters that some secret covers are redacted."""
    forms = {form for each in secrets for form in (each, repr(each)[1:-1])}
    covered = [False] * len(text)
    for form in forms:
        for start in range(len(text)):
            if text.startswith(form, start):
                covered[start : start + len(form)] = [True] * len(form)
    found = SecretTexts(secrets)
    pieces = found.redact(text).split("[secret]")
    assert "".join(pieces).replace("[secret]", "") == "".join(
        each for each, is_covered in zip(text, covered, strict=True) if not is_covered
    ).replace("[secret]", "")
    assert found.are_in(text) is any(covered)


@given(st.text(), st.sampled_from([None, 8, QUOTED_LENGTH]))
@example("both '\"\\", None)
def test_escaped_is_what_quoted_writes_between_its_quotes(text: str, limit: int | None) -> None:
    """At full length, and truncated."""
    assert escaped(text, limit) == (repr(text) if limit is None else quoted(text, limit))[1:-1]


def test_a_secret_is_found_as_messages_write_it() -> None:
    """As it is, quoted, and truncated; of two with the same beginning, the longer one."""
    long = "secret-" + "abcdefghij" * 9
    hidden = SecretTexts([long, "it's\n", "job", "job-1", ""])
    assert hidden.redact(f"{quoted(long)} {long}") == "'[secret]' [secret]"
    assert hidden.redact(repr("it's\n")) == '"[secret]"'
    assert hidden.redact("job-1, job-2") == "[secret], [secret]-2"
    assert hidden.redact("another") == "another"
    assert SecretTexts([]).redact("a") == "a"
    assert not SecretTexts([]).are_in("a")


def test_many_secrets_cost_no_more_than_few() -> None:
    """A gate may have ten thousand secret ids, and a message for each of them."""
    secrets = [f"job-{number:06}-of-no-ones-business" for number in range(10_000)]
    found = SecretTexts(secrets)
    begun = time.thread_time()
    for secret in secrets:
        assert found.redact(f"job {secret} waits") == "job [secret] waits"
        assert found.are_in(secret)
    assert time.thread_time() - begun < 5
