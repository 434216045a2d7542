"""The states of a job, as a table."""

from __future__ import annotations

import types
from collections.abc import Mapping

from pulumi_cosjob._records import Record

__all__ = ["STATES", "JobState", "state_of"]


class JobState(Record):
    """What one status means.

    Attributes:
        status: The status.
        meaning: What it means, in a few words.
        final: Whether the status never changes again.
        succeeded: Whether the job completed. Some of its tasks may have failed.
        needs_person: Whether the job continues only after a person acts.
    """

    status: str
    meaning: str
    final: bool = False
    succeeded: bool = False
    needs_person: bool = False


STATES: Mapping[str, JobState] = types.MappingProxyType(
    {
        state.status: state
        for state in (
            JobState("New", "created, not processed yet"),
            JobState("Preparing", "the manifest is being read"),
            JobState("Suspended", "waits for a person to confirm it", needs_person=True),
            JobState("Ready", "waits behind jobs of higher priority"),
            JobState("Active", "works on its tasks"),
            JobState("Pausing", "is being paused"),
            JobState("Paused", "paused by a job of higher priority; resumes by itself"),
            JobState("Completing", "all tasks are done, the report is being written"),
            JobState("Complete", "ended; some tasks may have failed", final=True, succeeded=True),
            JobState("Cancelling", "is being cancelled"),
            JobState("Cancelled", "was cancelled", final=True),
            JobState("Failing", "is about to fail"),
            JobState("Failed", "failed", final=True),
        )
    }
)


def state_of(status: str) -> JobState:
    """Return what a status means. A status that this version does not know is not final."""
    return STATES.get(status) or JobState(status, "a status that this version does not know")
