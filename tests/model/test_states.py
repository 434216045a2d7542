"""The table of states, held to the schema."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pulumi_cosjob._model.job import (
    JobDescription,
)
from pulumi_cosjob._model.states import STATES, JobState
from pulumi_cosjob._xml.schema import schema_path
from schema_comparison import Schema


@pytest.fixture
def schema_tree() -> ET.Element:
    """Return the schema as a tree that a test may change."""
    return ET.parse(schema_path()).getroot()  # noqa: S314  our own file


def test_states_are_those_of_the_schema(schema_tree: ET.Element) -> None:
    """Every status that the schema allows has its row in the table of states, and no other does."""
    assert sorted(STATES) == sorted(Schema(schema_tree).enumeration("Status"))
    assert all(state.status == status for status, state in STATES.items())


def test_a_state_means_what_the_schema_says(schema_tree: ET.Element) -> None:
    """The table of states has the schema's words, as they stand inside a sentence."""
    documented = Schema(schema_tree).value_meanings("Status")
    assert {f"{state.meaning[0].upper()}{state.meaning[1:]}.": status for status, state in STATES.items()} == {
        meaning: status for status, meaning in documented.items()
    }


def test_the_table_of_states_by_value() -> None:
    """Three states are final, one of them a success; two wait for a person; each says what it means."""
    assert {each.status for each in STATES.values() if each.final} == {"Complete", "Failed", "Cancelled"}
    assert {each.status for each in STATES.values() if each.succeeded} == {"Complete"}
    assert {each.status for each in STATES.values() if each.needs_person} == {"Suspended"}
    assert len({each.meaning for each in STATES.values()}) == len(STATES)


def test_a_description_knows_its_state() -> None:
    """`state` is the row of the table for the status."""
    assert JobDescription("a", "Failed").state is STATES["Failed"]


def test_a_state_that_is_not_known_is_not_final() -> None:
    """A service may gain statuses: one says that it is not known, and that the job may go on."""
    state = JobDescription("a", "Archiving").state
    assert state == JobState("Archiving", "a status that this version does not know")
    assert {state.final, state.succeeded, state.needs_person} == {False}


def test_the_table_of_states_cannot_be_changed() -> None:
    """Nobody can teach the process another state."""
    with pytest.raises(TypeError):
        STATES["Lost"] = STATES["Failed"]  # type: ignore[index]
