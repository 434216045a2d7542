"""What becomes of a job, as data: each scenario is a table of phases.

Nothing here keeps state or asks a clock: the state of a job at any time follows from its scenario, its
creation time and what its owner did to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pulumi_cosjob._emulator.checks import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SCRIPTS", "STATUSES", "TERMINAL", "JobTimeline", "Phase", "Scenario", "Script", "Snapshot", "look"]

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
# As the service writes it on a job that has completed.
_JOB_COMPLETE = "Job complete"
# A job of up to so many tasks ends Complete, however many of them fail.
_FEW_TASKS = 1000
_MOST_TASKS = 2**63 - 1
# The total is known once the manifest has been read, which is what a job does while it prepares.
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
        seconds: How long it lasts; `inf` for ever. A Suspended phase lasts until somebody confirms.
        share: Where given, it lasts this share of the job's own length of Active instead.
        until: The share of the tasks that have been handled at its end; where not given, no task is handled
            in it. A phase that lasts for ever comes ever closer to it.
        gains: What the description says from here on, by path under Job: words and elements that no page lists.
    """

    status: str
    seconds: float = 1.0
    share: float | None = None
    until: float | None = None
    gains: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A scenario: the phases, and what the description says besides.

    Args:
        phases: The rows, in order; the last one has no end.
        failing_percent: How many of a hundred handled tasks fail, rounded up.
        failures: Code and reason of each JobFailure that the job shows once it has failed or completed.
        failures_of_many: The same for a job of so many tasks that the service fails it for their failures.
        status_update_reason: The StatusUpdateReason from the last phase but one on.
        suspended_cause: The SuspendedCause once it has been suspended.
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
        """Whether somebody must confirm the job."""
        return any(phase.status == "Suspended" for phase in self.phases)


_START = (Phase("New"), Phase("Preparing"))
# None is known to be sent: they stand for what the service may come to say.
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

SCRIPTS: Mapping[Scenario, Script] = MappingProxyType(
    {
        # The service puts an empty JobFailure on jobs that completed.
        Scenario.COMPLETES: Script((*_START, Phase("Ready"), *_ALL_DONE), failures=(("", ""),)),
        Scenario.COMPLETES_WITH_FAILED_TASKS: Script((*_START, Phase("Ready"), *_ALL_DONE), failing_percent=10),
        Scenario.FAILS: Script(
            (
                *_START,
                Phase("Ready"),
                Phase("Active", share=1.0, until=0.4),
                Phase("Failing"),
                Phase("Failed", math.inf),
            ),
            failing_percent=75,
            # Of few tasks any number may fail, and the job is Complete: it takes another reason to fail it.
            failures=(("ManifestUnreadable", "The rest of the manifest cannot be read."),),
            failures_of_many=(("TooManyFailedTasks", "More than half of the executed tasks failed."),),
        ),
        Scenario.CANCELLED: Script(
            (
                *_START,
                Phase("Ready"),
                Phase("Active", share=1.0, until=0.5),
                Phase("Cancelling", _CANCELLING_SECONDS),
                Phase("Cancelled", math.inf),
            ),
            status_update_reason="Cancelled in the console.",
        ),
        Scenario.WAITS_FOR_CONFIRMATION: Script(
            (*_START, Phase("Suspended", math.inf), Phase("Ready"), *_ALL_DONE),
            suspended_cause="The job waits for a confirmation.",
        ),
        Scenario.PAUSES: Script(
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
        Scenario.RESTORE: Script(
            (*_START, Phase("Ready"), *_ALL_DONE), failures=(("", ""),), operation="COSInitiateRestoreObject"
        ),
        Scenario.GAINS_A_WORD: Script(
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
        Scenario.STALLS: Script(
            (*_START, Phase("Ready"), Phase("Active", share=0.5, until=0.5), Phase("Active", math.inf))
        ),
        Scenario.NEVER_ENDS: Script((*_START, Phase("Ready"), Phase("Active", math.inf, until=1.0))),
    }
)


@dataclass(frozen=True, slots=True)
class JobTimeline:
    """All that the state of a job follows from.

    Args:
        script: What becomes of it.
        created_at: When it was created.
        seconds: Its length of Active.
        tasks: How many tasks it has.
        confirmed_at: When somebody confirmed it.
        cancelled_at: When somebody cancelled it.
    """

    script: Script
    created_at: float
    seconds: float = 10.0
    tasks: int = 100
    confirmed_at: float | None = None
    cancelled_at: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds is a finite number from 0, not {shown(self.seconds)}")
        if isinstance(self.tasks, bool) or not isinstance(self.tasks, int) or not 0 <= self.tasks <= _MOST_TASKS:
            raise ValueError(f"tasks is a whole number from 0 to {_MOST_TASKS}, not {shown(self.tasks)}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a job at one time.

    Args:
        status: The Status.
        progress: Tasks that failed, that succeeded, and all; not known before the manifest has been read.
        suspended_at: When it was suspended.
        ended_at: When it reached a state that it never leaves.
        failures: Code and reason of each JobFailure.
        status_update_reason: Why the status changed, where the scenario says so.
        gained: Words and elements that no page lists, by path under Job.
    """

    status: str
    progress: tuple[int, int, int] | None
    suspended_at: float | None
    ended_at: float | None
    failures: tuple[tuple[str, str], ...]
    status_update_reason: str | None
    gained: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A phase that has begun: when, when it ends, and the share of tasks handled before it."""

    phase: Phase
    start: float
    end: float
    handled_before: float


def look(life: JobTimeline, now: float) -> Snapshot:
    """Return the state of a job.

    Args:
        life: What it follows from.
        now: The time to look at.

    Returns:
        The state then.
    """
    if life.cancelled_at is None or now < life.cancelled_at:
        return _undisturbed(life, now)
    before = _undisturbed(life, life.cancelled_at)
    ended_at = life.cancelled_at + _CANCELLING_SECONDS
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


def _undisturbed(life: JobTimeline, now: float) -> Snapshot:
    """Return the state of a job that nobody cancels."""
    script = life.script
    stretches = list(_begun(life, now))
    current = stretches[-1]
    status = current.phase.status
    suspended = [stretch.start for stretch in stretches if stretch.phase.status == "Suspended"]
    reason = script.status_update_reason if len(stretches) >= len(script.phases) - 1 else None
    return Snapshot(
        status=status,
        progress=None if status in _BEFORE_COUNTING else _progress(life, current, now),
        suspended_at=suspended[0] if suspended else None,
        ended_at=current.start if status in TERMINAL else None,
        failures=_failures(life) if status in _SHOWS_FAILURES else (),
        status_update_reason=_JOB_COMPLETE if status == "Complete" else reason,
        gained=tuple(gain for stretch in stretches for gain in stretch.phase.gains),
    )


def _failures(life: JobTimeline) -> tuple[tuple[str, str], ...]:
    """Return why a job failed: for its failed tasks only where it has many."""
    return (life.tasks > _FEW_TASKS and life.script.failures_of_many) or life.script.failures


def _begun(life: JobTimeline, now: float) -> Iterator[_Stretch]:
    """Yield the phases that have begun; the last one is the one the job is in."""
    start, handled = life.created_at, 0.0
    for phase in life.script.phases:
        end = _end(phase, start, life)
        yield _Stretch(phase, start, end, handled)
        if now < end:
            return
        start, handled = end, handled if phase.until is None else phase.until


def _end(phase: Phase, start: float, life: JobTimeline) -> float:
    """Return when a phase that began at `start` ends."""
    if phase.status == "Suspended" and life.confirmed_at is not None:
        return max(start, life.confirmed_at)
    return start + (phase.seconds if phase.share is None else phase.share * life.seconds)


def _progress(life: JobTimeline, current: _Stretch, now: float) -> tuple[int, int, int]:
    """Return how many tasks failed, succeeded, and are in all."""
    total = life.tasks
    share = _handled(life, current, now)
    handled = total if share >= 1.0 else int(total * share)
    failed = -(-handled * life.script.failing_percent // 100)
    return failed, handled - failed, total


def _handled(life: JobTimeline, current: _Stretch, now: float) -> float:
    """Return the share of the tasks that have been handled."""
    before, until = current.handled_before, current.phase.until
    if until is None:
        return before
    passed = max(now - current.start, 0.0)
    if math.isinf(current.end):
        part = passed / (passed + max(life.seconds, 1.0))
    else:
        part = passed / (current.end - current.start)
    return before + (until - before) * part
