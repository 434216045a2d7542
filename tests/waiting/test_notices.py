"""What people read about waits: progress, and the notices of gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from places import RESPONSES
from polls import DAY, job, state_after, step_after
from pulumi_cosjob import ConnectionFailedError, TimeLimitError
from pulumi_cosjob._messages import PYTHON, Message
from pulumi_cosjob._model.job import COSInitiateRestoreObject, COSPutObjectCopy, Operation
from pulumi_cosjob._text import duration
from pulumi_cosjob._waiting.notices import opening_notice, preview_notice, progress_line, time_left
from pulumi_cosjob._waiting.policy import Completed
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob._xml.decoder import parse_describe_job_result

pytestmark = pytest.mark.newest


# ----------------------------------------------------------------------------------------------------------- notices


RESTORES = Operation(cos_initiate_restore_object=COSInitiateRestoreObject(7, "Standard"))
COPIES = Operation(cos_put_object_copy=COSPutObjectCopy())


def test_the_notice_of_restore_jobs_explains_their_completion() -> None:
    """The objects cannot be read yet. Gates for other jobs, or for none, have no notice."""
    jobs = {str(number): job("Complete", operation=RESTORES) for number in range(6)}
    meaning = "Complete means that all restore requests were sent. The objects can be read up to 48 hours later."
    assert opening_notice({"a": jobs["0"]}) == f"job a restores objects: {meaning}"
    assert (
        opening_notice({"a": jobs["0"], "b": job("Complete", operation=COPIES)}) == f"job a restores objects: {meaning}"
    )
    assert opening_notice({"a": jobs["0"], "b": jobs["1"]}) == f"2 jobs restore objects (a, b): {meaning}"
    assert opening_notice(jobs) == f"6 jobs restore objects (0, 1, 2 and 3 more): {meaning}"
    for operation in (COPIES, None, Operation()):
        assert opening_notice({"a": job("Complete", operation=operation)}) is None
    assert opening_notice({}) is None
    described = parse_describe_job_result((RESPONSES / "restore-complete.xml").read_bytes())
    assert isinstance(step_after(PollResult(0.0, described)), Completed)
    assert opening_notice({"nightly": described}) == f"job nightly restores objects: {meaning}"


def test_the_notice_of_a_preview_names_a_job_without_a_valid_response() -> None:
    """It has the problem of the only job, or of the first of several; no notice if each had a valid response."""
    unreachable = ConnectionFailedError(
        "the service could not be reached: Connection refused", hint=Message("Check {job_id}.")
    )
    late = "none came in time"
    assert preview_notice({}, 3) is None
    assert preview_notice({"a": unreachable}, 1) == (
        "the preview has no valid response about job a: the service could not be reached: Connection refused. "
        "Check job_id. The update polls again."
    )
    assert "Check JOB_ID." in (preview_notice({"a": unreachable}, 1, replace(PYTHON, name=str.upper)) or "")
    assert preview_notice({"a": None}, 1) == (
        f"the preview has no valid response about job a: {late}. The update polls again."
    )
    assert preview_notice({"a": None, "b": unreachable}, 7) == (
        f"the preview has no valid response about 2 of 7 jobs, the first of them job a: {late}. The update polls again."
    )


# ------------------------------------------------------------------------------------------------- progress in words


def test_progress_in_words() -> None:
    """The line has percent, time left, failures, status and tasks; it begins with what a person has to do."""
    state = state_after(
        PollResult(0.0, job("Active", 10_000, 100_000, 7)), PollResult(10.0, job("Active", 20_000, 100_000, 7))
    )
    assert progress_line(state, 10.0) == "20 %, 1 min 20 s left, 7 failed, Active, 20,000 of 100,000 tasks"
    assert progress_line(state, 10.0, brief=True) == "20 %, 1 min 20 s left, 7 failed, 20,000 of 100,000"
    lost = state.add(PollResult(20.0, error=ConnectionFailedError("the service could not be reached")))
    assert progress_line(lost, 20.0).startswith("no response, 20 %, 1 min 10 s left, ")
    assert progress_line(lost, 20.0).endswith(" tasks: the service could not be reached")
    assert progress_line(state_after(PollResult(0.0, job("Preparing"))), 0.0) == "Preparing"
    assert progress_line(state_after(PollResult(0.0, job("Active"))), 0.0, brief=True) == "Active"
    assert progress_line(state_after(PollResult(0.0, job("Failing", 40, failed=30))), 0.0) == (
        "Failing, 40 %, 30 failed, 40 of 100 tasks"
    )
    assert progress_line(state_after(PollResult(0.0, job("Paused", 50))), 0.0) == "Paused, 50 %, 50 of 100 tasks"
    suspended = state_after(PollResult(0.0, job("Suspended")), PollResult(10.0, error=TimeLimitError("late")))
    assert progress_line(suspended, 10.0) == "NEEDS CONFIRMATION, no response, Suspended: late"
    assert progress_line(state_after(PollResult(0.0, error=TimeLimitError("late"))), 0.0) == "no response yet: late"
    assert progress_line(PollState(0.0), 0.0) == "polling"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.9, None), (16, "16 s left"), (80, "1 min 20 s left"), (740, "12 min left"), (None, None)]
)
def test_time_left_in_words(seconds: float | None, words: str | None) -> None:
    """Long estimates are rounded to minutes; short ones have none."""
    assert time_left(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (9 * DAY, "9 d"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    """A duration is written by its two largest units."""
    assert duration(seconds) == words
