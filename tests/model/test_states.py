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


def test_states_match_the_schema(schema_tree: ET.Element) -> None:
    """Every status that the schema lists has its row in the table of states, and no other status does."""
    assert sorted(STATES) == sorted(Schema(schema_tree).enumeration("Status"))
    assert all(state.status == status for status, state in STATES.items())


def test_meanings_match_the_schema(schema_tree: ET.Element) -> None:
    """The table of states has the schema's words, without capital and full stop."""
    documented = Schema(schema_tree).value_meanings("Status")
    assert {f"{state.meaning[0].upper()}{state.meaning[1:]}.": status for status, state in STATES.items()} == {
        meaning: status for status, meaning in documented.items()
    }


def test_the_table_of_states_by_value() -> None:
    """Three states are final, one of them a success; one waits for a person; each has a meaning of its own."""
    assert {each.status for each in STATES.values() if each.final} == {"Complete", "Failed", "Cancelled"}
    assert {each.status for each in STATES.values() if each.succeeded} == {"Complete"}
    assert {each.status for each in STATES.values() if each.needs_person} == {"Suspended"}
    assert len({each.meaning for each in STATES.values()}) == len(STATES)


def test_a_description_has_its_state() -> None:
    """`state` is the row of the table for the status."""
    assert JobDescription("a", "Failed").state is STATES["Failed"]


def test_an_unknown_status_is_not_final() -> None:
    """A service may add statuses: the meaning is that it is unknown, and a wait goes on."""
    state = JobDescription("a", "Archiving").state
    assert state == JobState("Archiving", "a status that this version does not know")
    assert {state.final, state.succeeded, state.needs_person} == {False}


def test_the_table_of_states_cannot_be_changed() -> None:
    """A program cannot add a state."""
    with pytest.raises(TypeError):
        STATES["Lost"] = STATES["Failed"]  # type: ignore[index]
