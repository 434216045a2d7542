"""The scenarios of jobs, as data: each is a table of phases.

Nothing here keeps state or reads a clock: the state of a job at any time follows from its scenario, its
creation time and the actions of its owner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator.checks import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "DEFINITIONS",
    "STATUSES",
    "TERMINAL",
    "JobTimeline",
    "Phase",
    "Scenario",
    "ScenarioDefinition",
    "Snapshot",
    "state_at",
]

STATUSES = frozenset(
    {
        "Active",
        "Cancelled",
        "Cancelling",
        "Complete",
        "Completing",
        "Failed",
        "Failing",
        "New",
        "Paused",
        "Pausing",
        "Preparing",
        "Ready",
        "Suspended",
    }
)
TERMINAL = frozenset({"Cancelled", "Complete", "Failed"})

_CANCELLING_SECONDS = 1.0
# The StatusUpdateReason that the service gives a job that has completed.
_JOB_COMPLETE = "Job complete"
# A job of at most this many tasks ends Complete, however many of them fail.
_FEW_TASKS = 1000
_MOST_TASKS = 2**63 - 1
# The total is known once the manifest has been read, which a job does while it is Preparing.
_BEFORE_COUNTING = frozenset({"New", "Preparing"})
_SHOWS_FAILURES = frozenset({"Complete", "Failed", "Failing"})


class Scenario(str, Enum):
    """The names of the scenarios."""

    CANCELLED = "cancelled"
    COMPLETES = "completes"
    COMPLETES_WITH_FAILED_TASKS = "completes-with-failed-tasks"
    FAILS = "fails"
    GAINS_A_WORD = "gains-a-word"
    NEVER_ENDS = "never-ends"
    PAUSES = "pauses"
    RESTORE = "restore"
    STALLS = "stalls"
    WAITS_FOR_CONFIRMATION = "waits-for-confirmation"


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of a scenario.

    Args:
        status: The Status while it lasts.
        seconds: How long it lasts; `inf` for a phase without end. A Suspended phase lasts until the job is confirmed.
        share: If given, the phase lasts this share of the job's `seconds` instead.
        until: The share of the tasks that have been handled at its end; if None, the phase handles no task. A phase
            without end approaches this share and never reaches it.
        gains: Texts that the description has from this phase on, by path under Job: words and elements that no
            page of the vendor lists.
    """

    status: str
    seconds: float = 1.0
    share: float | None = None
    until: float | None = None
    gains: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioDefinition:
    """A scenario: its phases, and the texts that the description has besides.

    Args:
        phases: The rows, in order; the last one has no end.
        failing_percent: The percentage of handled tasks that fail, rounded up to whole tasks.
        failures: Code and reason of each JobFailure, from the failure or completion of the job on.
        failures_of_many: The same for a job with more than 1,000 tasks, which failed tasks can fail.
        status_update_reason: The StatusUpdateReason, from the last phase but one on.
        suspended_cause: The SuspendedCause, from the first suspension on.
        operation: The name of its operation.
    """

    phases: tuple[Phase, ...]
    failing_percent: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    failures_of_many: tuple[tuple[str, str], ...] = ()
    status_update_reason: str | None = None
    suspended_cause: str | None = None
    operation: str = "COSPutObjectCopy"

    @property
    def confirmation_required(self) -> bool:
        """Whether the job waits for a confirmation."""
        return any(phase.status == "Suspended" for phase in self.phases)


_START = (Phase("New"), Phase("Preparing"))
# The service is not known to send any of these. They stand for words and elements that it may add.
_NEW_WORDS = (
    ("Manifest/Spec/Format", "COSBatchOperations_Parquet_V1"),
    ("Operation/COSPutObjectCopy/CannedAccessControlList", "default"),
    ("Operation/COSPutObjectCopy/NewObjectMetadata/SSEAlgorithm", "cos/kms"),
    ("Operation/COSPutObjectCopy/TaggingDirective", "Replace"),
    ("Report/ReportScope", "SampledTasks"),
)
_NEW_ELEMENTS = (
    ("Operation/COSPutObjectCopy/ChecksumAlgorithm", "CRC64"),
    ("QueuePosition", "1"),
    ("Report/Expected", ""),
)
_ALL_DONE = (Phase("Active", share=1.0, until=1.0), Phase("Completing"), Phase("Complete", math.inf))

DEFINITIONS: Mapping[Scenario, ScenarioDefinition] = MappingProxyType(
    {
        # The service puts an empty JobFailure on jobs that completed.
        Scenario.COMPLETES: ScenarioDefinition((*_START, Phase("Ready"), *_ALL_DONE), failures=(("", ""),)),
        Scenario.COMPLETES_WITH_FAILED_TASKS: ScenarioDefinition(
            (*_START, Phase("Ready"), *_ALL_DONE), failing_percent=10
        ),
        Scenario.FAILS: ScenarioDefinition(
            (
                *_START,
                Phase("Ready"),
                Phase("Active", share=1.0, until=0.4),
                Phase("Failing"),
                Phase("Failed", math.inf),
            ),
            failing_percent=75,
            # A job with few tasks ends Complete, however many of them fail. It needs another reason to fail.
            failures=(("ManifestUnreadable", "The rest of the manifest cannot be read."),),
            failures_of_many=(("TooManyFailedTasks", "More than half of the executed tasks failed."),),
        ),
        Scenario.CANCELLED: ScenarioDefinition(
            (
                *_START,
                Phase("Ready"),
                Phase("Active", share=1.0, until=0.5),
                Phase("Cancelling", _CANCELLING_SECONDS),
                Phase("Cancelled", math.inf),
            ),
            status_update_reason="Cancelled in the console.",
        ),
        Scenario.WAITS_FOR_CONFIRMATION: ScenarioDefinition(
            (*_START, Phase("Suspended", math.inf), Phase("Ready"), *_ALL_DONE),
            suspended_cause="The job waits for a confirmation.",
        ),
        Scenario.PAUSES: ScenarioDefinition(
            (
                *_START,
                Phase("Ready"),
                Phase("Active", share=0.5, until=0.5),
                Phase("Pausing"),
                Phase("Paused", 5.0),
                Phase("Active", share=0.5, until=1.0),
                Phase("Completing"),
                Phase("Complete", math.inf),
            )
        ),
        Scenario.RESTORE: ScenarioDefinition(
            (*_START, Phase("Ready"), *_ALL_DONE), failures=(("", ""),), operation="COSInitiateRestoreObject"
        ),
        Scenario.GAINS_A_WORD: ScenarioDefinition(
            (
                *_START,
                Phase("Ready", gains=(("ProgressSummary/AutoManifestStatus", "Ready"),)),
                Phase("Active", share=0.5, until=0.5, gains=_NEW_WORDS),
                Phase("Active", share=0.5, until=1.0, gains=_NEW_ELEMENTS),
                Phase("Verifying"),
                Phase("Completing", gains=(("ProgressSummary/AutoManifestStatus", "Verified"),)),
                Phase("Complete", math.inf),
            )
        ),
        Scenario.STALLS: ScenarioDefinition(
            (*_START, Phase("Ready"), Phase("Active", share=0.5, until=0.5), Phase("Active", math.inf))
        ),
        Scenario.NEVER_ENDS: ScenarioDefinition((*_START, Phase("Ready"), Phase("Active", math.inf, until=1.0))),
    }
)


@dataclass(frozen=True, slots=True)
class JobTimeline:
    """All that the state of a job follows from; times are in seconds since the epoch.

    Args:
        definition: The scenario.
        created_at: The time of its creation.
        seconds: How long it is Active.
        tasks: The number of its tasks.
        confirmed_at: The time of its confirmation.
        cancelled_at: The time of its cancellation.
    """

    definition: ScenarioDefinition
    created_at: float
    seconds: float = 10.0
    tasks: int = 100
    confirmed_at: float | None = None
    cancelled_at: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds must be a finite number from 0, not {format_value(self.seconds)}")
        if isinstance(self.tasks, bool) or not isinstance(self.tasks, int) or not 0 <= self.tasks <= _MOST_TASKS:
            raise ValueError(f"tasks must be a whole number from 0 to {_MOST_TASKS}, not {format_value(self.tasks)}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a job at one time.

    Args:
        status: The Status.
        progress: The numbers of failed, succeeded and all tasks; None before the manifest has been read.
        suspended_at: The time of its first suspension.
        ended_at: The time at which it reached a final state.
        failures: Code and reason of each JobFailure.
        status_update_reason: The reason of the last change of status, if the scenario has one.
        gained: Texts of words and elements that no page of the vendor lists, by path under Job.
    """

    status: str
    progress: tuple[int, int, int] | None
    suspended_at: float | None
    ended_at: float | None
    failures: tuple[tuple[str, str], ...]
    status_update_reason: str | None
    gained: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _PhaseSpan:
    """A phase that has begun: its start, its end, and the share of tasks handled before it."""

    phase: Phase
    start: float
    end: float
    handled_before: float


def state_at(timeline: JobTimeline, now: float) -> Snapshot:
    """Return the state of a job.

    Args:
        timeline: The job's timeline.
        now: The time, in seconds since the epoch.

    Returns:
        The state at that time.
    """
    if timeline.cancelled_at is None or now < timeline.cancelled_at:
        return _uncancelled_state(timeline, now)
    before = _uncancelled_state(timeline, timeline.cancelled_at)
    ended_at = timeline.cancelled_at + _CANCELLING_SECONDS
    ended = now >= ended_at
    return Snapshot(
        status="Cancelled" if ended else "Cancelling",
        progress=before.progress,
        suspended_at=before.suspended_at,
        ended_at=ended_at if ended else None,
        failures=(),
        status_update_reason=None,
        gained=before.gained,
    )


def _uncancelled_state(timeline: JobTimeline, now: float) -> Snapshot:
    """Return the state of a job without its cancellation."""
    definition = timeline.definition
    spans = list(_begun_phases(timeline, now))
    current = spans[-1]
    status = current.phase.status
    suspended = [span.start for span in spans if span.phase.status == "Suspended"]
    reason = definition.status_update_reason if len(spans) >= len(definition.phases) - 1 else None
    return Snapshot(
        status=status,
        progress=None if status in _BEFORE_COUNTING else _progress(timeline, current, now),
        suspended_at=suspended[0] if suspended else None,
        ended_at=current.start if status in TERMINAL else None,
        failures=_failures(timeline) if status in _SHOWS_FAILURES else (),
        status_update_reason=_JOB_COMPLETE if status == "Complete" else reason,
        gained=tuple(gain for span in spans for gain in span.phase.gains),
    )


def _failures(timeline: JobTimeline) -> tuple[tuple[str, str], ...]:
    """Return why a job failed: because of its failed tasks only if it has many tasks."""
    return (timeline.tasks > _FEW_TASKS and timeline.definition.failures_of_many) or timeline.definition.failures


def _begun_phases(timeline: JobTimeline, now: float) -> Iterator[_PhaseSpan]:
    """Yield the phases that have begun; the last one is the current one."""
    start, handled = timeline.created_at, 0.0
    for phase in timeline.definition.phases:
        end = _end(phase, start, timeline)
        yield _PhaseSpan(phase, start, end, handled)
        if now < end:
            return
        start, handled = end, handled if phase.until is None else phase.until


def _end(phase: Phase, start: float, timeline: JobTimeline) -> float:
    """Return when a phase that began at `start` ends."""
    if phase.status == "Suspended" and timeline.confirmed_at is not None:
        return max(start, timeline.confirmed_at)
    return start + (phase.seconds if phase.share is None else phase.share * timeline.seconds)


def _progress(timeline: JobTimeline, current: _PhaseSpan, now: float) -> tuple[int, int, int]:
    """Return the numbers of failed, succeeded and all tasks."""
    total = timeline.tasks
    share = _handled(timeline, current, now)
    handled = total if share >= 1.0 else int(total * share)
    failed = -(-handled * timeline.definition.failing_percent // 100)
    return failed, handled - failed, total


def _handled(timeline: JobTimeline, current: _PhaseSpan, now: float) -> float:
    """Return the share of the tasks that have been handled."""
    before, until = current.handled_before, current.phase.until
    if until is None:
        return before
    passed = max(now - current.start, 0.0)
    if math.isinf(current.end):
        part = passed / (passed + max(timeline.seconds, 1.0))
    else:
        part = passed / (current.end - current.start)
    return before + (until - before) * part
