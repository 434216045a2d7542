"""Jobs and polls for tests of the waiting policy."""

from __future__ import annotations

from pulumi_cosjob import CosJobError, JobDescription
from pulumi_cosjob._model.job import ProgressSummary
from pulumi_cosjob._waiting.policy import Failed, Step, WaitOptions, next_step
from pulumi_cosjob._waiting.state import PollResult, PollState

DAY = 24 * 3600.0
OPTIONS = WaitOptions(timeout=3600.0)


def job(
    status: str, done: int | None = None, total: int = 100, failed: int = 0, job_id: str = "job", **fields: object
) -> JobDescription:
    """Describe a job; without `done` it has no progress summary."""
    summary = None if done is None else ProgressSummary(failed, done - failed, total)
    return JobDescription(job_id, status, progress_summary=summary, **fields)  # type: ignore[arg-type]


def state_after(*polls: PollResult, started: float = 0.0) -> PollState:
    """Return the state after some polls."""
    state = PollState(started)
    for poll in polls:
        state = state.add(poll)
    return state


def step_after(poll: PollResult, options: WaitOptions = OPTIONS) -> Step:
    """Return the next step after a single poll."""
    return next_step(state_after(poll), poll.at, options)


def failure(step: Step) -> CosJobError:
    """Return the error of a wait that failed."""
    assert isinstance(step, Failed), step
    return step.error
