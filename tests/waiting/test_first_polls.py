"""What follows from the polls of all jobs before a wait, in previews and updates: nothing is polled here."""

from __future__ import annotations

import pytest

from polls import OPTIONS, job
from pulumi_cosjob import (
    AccessDeniedError,
    InvalidArgumentError,
    JobFailedError,
    JobsFailedError,
    NoSuchJobError,
    UnavailableError,
)
from pulumi_cosjob._service.location import Location
from pulumi_cosjob._waiting.loop import FirstPolls
from pulumi_cosjob._waiting.state import PollResult

MISSING = NoSuchJobError("no such job", http_status=404)
LATER = UnavailableError("not now")


def first_polls(*results: tuple[str, PollResult], preview: bool = True, others: str = "") -> FirstPolls:
    """Record the polls of jobs; others have no response."""
    polls = FirstPolls([*others, *(job_id for job_id, _ in results)], OPTIONS, preview=preview)
    for job_id, result in results:
        polls.record(job_id, result)
    return polls


def test_completed_jobs_are_found() -> None:
    """Each job counts once; jobs that go on are neither completed nor failed, and there is no notice."""
    complete = job("Complete", 100)
    polls = first_polls(("a", PollResult(0.0, complete)), ("b", PollResult(0.0, job("Active", 1))))
    assert polls.result(Location(), "1") is None
    assert polls.completed == {"a": complete}
    assert FirstPolls(["a", "b", "a"], OPTIONS, preview=True).job_ids == ["a", "b"]


@pytest.mark.parametrize(("preview", "raises"), [(True, True), (False, False)])
def test_a_missing_job_is_an_error_in_a_preview_only(preview: bool, raises: bool) -> None:
    """In an update it may still appear."""
    polls = first_polls(("a", PollResult(0.0, error=MISSING)), preview=preview)
    if raises:
        with pytest.raises(NoSuchJobError):
            polls.result(Location(), "1")
    else:
        assert polls.result(Location(), "1") is None


@pytest.mark.parametrize(
    "result",
    [
        PollResult(0.0, job("Failed", 100)),
        PollResult(0.0, job("Complete", 100, failed=1)),
        PollResult(0.0, error=AccessDeniedError("no", http_status=403)),
        PollResult(0.0, error=InvalidArgumentError("job_id", "is odd")),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
def test_a_job_that_never_completes_is_an_error(result: PollResult, preview: bool) -> None:
    """The error names the job, the account and the endpoint, in previews and in updates."""
    polls = first_polls(("job", result), others="b", preview=preview)
    with pytest.raises((JobFailedError, AccessDeniedError, InvalidArgumentError)) as raised:
        polls.result(Location("https://host"), "1")
    assert (raised.value.job_id, raised.value.endpoint, raised.value.appid) == ("job", "https://host", "1")


def test_several_errors_are_in_the_order_of_the_jobs() -> None:
    """Whatever the order of the responses."""
    polls = FirstPolls("abc", OPTIONS, preview=True)
    polls.record("c", PollResult(0.0, job("Failed", job_id="c")))
    polls.record("a", PollResult(0.0, job("Failed", job_id="a")))
    with pytest.raises(JobsFailedError, match="2 of 3") as raised:
        polls.result(Location(), "1")
    assert [error.job_id for error in raised.value.errors] == ["a", "c"]


def test_jobs_without_a_valid_response_have_a_notice_in_a_preview() -> None:
    """It names the first of them, whether its poll failed or is still in progress."""
    results = ("a", PollResult(0.0, job("Active"))), ("b", PollResult(0.0, error=LATER))
    notice = first_polls(*results, others="c").result(Location(), "1")
    assert notice == (
        "the preview has no valid response about 2 of 3 jobs, the first of them job c: none came in time. "
        "The update polls again."
    )
    notice = first_polls(*results).result(Location(), "1")
    assert notice is not None
    assert "about 1 of 2 jobs, the first of them job b: not now" in notice
    assert first_polls(*results, others="c", preview=False).result(Location(), "1") is None
