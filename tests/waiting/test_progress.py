"""Which lines of progress are due while jobs are waited for: by simulated time, nothing waits here."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from pulumi_cosjob import ConnectionFailedError, JobDescription
from pulumi_cosjob._cli.progress import progress
from pulumi_cosjob._model.job import ProgressSummary
from pulumi_cosjob._waiting.policy import PollAgain, WaitOptions, next_step
from pulumi_cosjob._waiting.progress import HEARTBEAT_SECONDS, Line, ProgressLines
from pulumi_cosjob._waiting.state import PollResult, PollState
from pulumi_cosjob.testing import ManualClock

DAY = 24 * 3600.0
LONGEST_PAUSE = 28.0


def job(status: str, done: int = 0, total: int = 1000, failed: int = 0, job_id: str = "job") -> JobDescription:
    """Describe a job."""
    return JobDescription(job_id, status, progress_summary=ProgressSummary(failed, done - failed, total))


def working(seconds: float) -> Callable[[float], JobDescription]:
    """Return a job by time: Active for so long, with three seconds to get ready and three to complete."""

    def at(now: float) -> JobDescription:
        if now < 3:
            return job(("New", "Preparing", "Ready")[int(now)])
        if now < 3 + seconds:
            return job("Active", int(1000 * (now - 3) / seconds))
        return job("Completing" if now < 6 + seconds else "Complete", 1000)

    return at


def lines_of(at: Callable[[float], JobDescription], timeout: float) -> list[tuple[float, str]]:
    """Wait for a job by simulated time; return the lines of progress with the times at which they were due."""
    lines, state, now, options = ProgressLines(), PollState(0.0), 0.0, WaitOptions(timeout)
    found = []
    while True:
        state = state.add(PollResult(now, at(now)))
        found += [(now, line.text) for line in lines.add("job", state, now)]
        step = next_step(state, now, options)
        if not isinstance(step, PollAgain):
            return found
        now += step.after


def polled(*polls: PollResult) -> list[list[Line]]:
    """Return the lines that are due after each poll of a job."""
    lines, state, found = ProgressLines(), PollState(0.0), []
    for poll in polls:
        state = state.add(poll)
        found.append(lines.add("job", state, poll.at))
    return found


def percents(lines: Sequence[tuple[float, str]]) -> list[int]:
    """Return the shares in lines about an Active job."""
    return [int(match[1]) for _, text in lines if (match := re.match(r"(\d+) %, ", text))]


def gaps(lines: Sequence[tuple[float, str]]) -> list[float]:
    """Return the seconds between lines."""
    return [after - before for (before, _), (after, _) in itertools.pairwise(lines)]


# --------------------------------------------------------------------------------------------------------------- a job


def test_ten_minutes_have_a_line_for_each_tenth_and_each_status() -> None:
    """There are no more lines than that and a heartbeat a minute, and the first and the last status are shown."""
    lines = lines_of(working(600), 3600)
    texts = [text for _, text in lines]
    assert 12 <= len(lines) <= 10 + 5 + 10, texts
    assert texts[0].startswith("New, ")
    assert texts[-2:] == ["Completing, 100 %, 1,000 of 1,000 tasks", "Complete, 100 %, 1,000 of 1,000 tasks"]
    assert sorted({percent // 10 for percent in percents(lines)}) == list(range(10))
    assert max(gaps(lines)) <= HEARTBEAT_SECONDS + LONGEST_PAUSE


def test_three_days_have_a_line_a_minute() -> None:
    """Whatever the length of the wait, a log shows that it goes on, and no more often than that."""
    lines = lines_of(working(3 * DAY), 4 * DAY)
    minutes = 3 * 24 * 60
    assert minutes - 30 <= len(lines) <= minutes + 10 + 5
    assert max(gaps(lines)) <= HEARTBEAT_SECONDS + LONGEST_PAUSE
    assert sum(" h left, Active, " in text or " d left, Active, " in text or " min left, " in text for _, text in lines)
    assert percents(lines) == sorted(percents(lines))


def test_a_line_for_each_kind_of_error_and_each_recovery() -> None:
    """The same kind of error again has no line until a minute has passed."""
    lost, other = ConnectionFailedError("connection 1 was lost"), ConnectionFailedError("connection 2 was lost")
    one, two, three, four, late = polled(
        PollResult(0.0, job("Active", 1)),
        PollResult(10.0, error=lost),
        PollResult(20.0, error=other),
        PollResult(30.0, job("Active", 2)),
        PollResult(95.0, job("Active", 3)),
    )
    assert one == [Line("0 %, Active, 1 of 1,000 tasks")]
    assert two == [Line("no response, 0 %, Active, 1 of 1,000 tasks: connection 1 was lost")]
    assert three == []
    assert [line.text[:3] for line in four] == ["0 %"]
    assert [line.text[:3] for line in late] == ["0 %"]


def test_heartbeats_are_a_minute_apart_in_the_mean() -> None:
    """A late one, as polls do not come on the minute, does not delay those after it."""
    found = polled(*(PollResult(25.0 * number, job("Active")) for number in range(25)))
    assert [25.0 * number for number, lines in enumerate(found) if lines] == [
        0,
        75,
        125,
        200,
        250,
        300,
        375,
        425,
        500,
        550,
        600,
    ]
    # After the machine was suspended there is one heartbeat, not all that were missed.
    found = polled(*(PollResult(at, job("Active")) for at in (0.0, 10_000.0, 10_001.0, 10_030.0)))
    assert [len(lines) for lines in found] == [1, 1, 0, 1]


@pytest.mark.parametrize(("status", "word"), [("Suspended", "NEEDS CONFIRMATION")])
def test_a_job_that_needs_a_person_has_one_warning(status: str, word: str) -> None:
    """It has another when it comes to need a person again; and the line begins with what it needs."""
    found = polled(
        PollResult(0.0, job("Active", 1)),
        PollResult(1.0, job(status, 1)),
        PollResult(2.0, error=ConnectionFailedError("lost")),
        PollResult(3.0, job(status, 1)),
        PollResult(100.0, job(status, 1)),
        PollResult(101.0, job("Active", 1)),
        PollResult(102.0, job(status, 1)),
    )
    warned = [number for number, lines in enumerate(found) if any(line.stays for line in lines)]
    assert warned == [1, 6]
    warning, line = found[1]
    assert warning.text.startswith("job job ")
    assert warning.text.endswith("; the wait goes on")
    assert line.text.startswith(word)


@pytest.mark.parametrize("left", [1.0, 16.0, 80.0, 299.0, 3550.0, DAY - 60, 3 * DAY, 400 * DAY])
def test_thirty_characters_show_the_share_and_the_time_left(left: float) -> None:
    """The engine cuts a line where the terminal ends: at 120 columns a dynamic gate has about thirty characters."""
    polls = PollResult(0.0, job("Active", 0, 10**9)), PollResult(left / 3, job("Active", 250_000_000, 10**9, 10**7))
    [line] = polled(*polls)[-1]
    assert re.match(r"25 %, \d+ (s|min|h|d)( \d+ (s|min|h))? left", line.text[:30]), line.text


# ----------------------------------------------------------------------------------------------------------- many jobs


class Sum:
    """Lines about many jobs.

    Args:
        jobs: The number of jobs.
    """

    def __init__(self, jobs: int) -> None:
        self.lines = ProgressLines(jobs)
        self.states: dict[int, PollState] = {}

    def poll(self, number: int, now: float, status: str | None, done: int = 0) -> list[Line]:
        """Return the lines that are due after a poll of one of them; without a status, the poll has failed."""
        error = ConnectionFailedError("lost") if status is None else None
        result = PollResult(now, job(status, done) if status else None, error)
        self.states[number] = self.states.get(number, PollState(0.0)).add(result)
        return self.lines.add(f"job-{number}", self.states[number], now)


def test_many_jobs_have_one_line_in_common() -> None:
    """First the jobs that need a person, then the share and the time left, then the jobs by status."""
    jobs = Sum(12)
    for number in range(12):
        found = jobs.poll(number, 0.0, "Active")
    assert found == [Line("0 %, 0 of 12 jobs Complete, 12 Active")]
    for number in range(3):
        found = jobs.poll(number, 1.0, "Complete", 1000)
    assert found == [Line("25 %, 3 of 12 jobs Complete, 9 Active")]
    assert jobs.poll(3, 2.0, "Active", 500) == []
    [line] = jobs.poll(3, 3.0, "Active", 600)
    assert line.text == "30 %, 3 of 12 jobs Complete, 9 Active"
    for number in range(4, 11):
        found = jobs.poll(number, 5.0, "Active", 100)
    warning, line = jobs.poll(11, 6.0, "Suspended")
    assert warning == Line(
        "job job-11 waits for a person to confirm it (cosjob confirm job-11); the wait goes on", stays=True
    )
    assert line.text == "1 NEEDS CONFIRMATION, 35 %, 3 of 12 jobs Complete, 8 Active"
    [line] = jobs.poll(11, 7.0, "Active", 0)
    assert line.text == "35 %, 3 of 12 jobs Complete, 9 Active"
    [line] = jobs.poll(11, 67.5, "Active", 10)
    assert line.text.startswith("35 %, "), "a heartbeat"


def test_the_time_left_of_many_jobs_is_that_of_the_last() -> None:
    """It is shown if it is known of each unfinished job."""
    jobs = Sum(2)
    for number, done in ((0, 500), (1, 250)):
        jobs.poll(number, 0.0, "Active")
        found = jobs.poll(number, 100.0, "Active", done)
    assert found == [Line("37 %, 5 min left, 0 of 2 jobs Complete, 2 Active")]
    jobs.poll(0, 200.0, "Complete", 1000)
    [line] = jobs.poll(1, 210.0, "Active", 600)
    assert line.text == "80 %, 2 min 20 s left, 1 of 2 jobs Complete, 1 Active"
    [line] = jobs.poll(1, 220.0, "Completing", 900)
    assert line.text == "95 %, 1 of 2 jobs Complete, 1 Completing"
    assert jobs.poll(1, 221.0, "Complete", 1000) == [Line("2 of 2 jobs Complete")]


def test_an_outage_has_a_line_if_no_job_has_a_response() -> None:
    """Single failed polls have none: among thousands of jobs there may always be some."""
    jobs = Sum(3)
    for number in range(3):
        jobs.poll(number, 0.0, "Active")
    found = [jobs.poll(number, 1.0, None) for number in range(3)]
    assert found == [[], [], [Line("no response, 0 %, 0 of 3 jobs Complete, 3 Active")]]
    assert jobs.poll(0, 2.0, "Active") == [Line("0 %, 0 of 3 jobs Complete, 3 Active")]
    never = Sum(2)
    never.poll(0, 0.0, None)
    assert never.poll(1, 0.0, None) == [Line("no response, 0 %, 0 of 2 jobs Complete, 2 without a response")]


def test_an_unknown_status_has_one_warning() -> None:
    """Whatever the number of jobs with that status, and however often it comes and goes; the wait goes on."""
    jobs = Sum(3)
    known = "job job-0 has the status 'Archiving', which this version does not know; the wait goes on"
    for number in range(3):
        found = jobs.poll(number, 0.0, "Archiving")
        assert [line.text for line in found if line.stays] == [known][number:]
    assert found[-1].text == "0 %, 0 of 3 jobs Complete, 3 Archiving"
    for status in ("Active", "Archiving"):
        assert not [line for line in jobs.poll(0, 1.0, status) if line.stays]
    every = [jobs.poll(0, 2.0 + number, f"Status {number}") for number in range(100)]
    assert sum(line.stays for found in every for line in found) == 7


def test_the_command_line_shows_an_unknown_status() -> None:
    """It has a line of its own; that a job needs a person is part of the line of progress."""
    printed: list[str] = []
    with progress(["job-1"], lambda line: printed.append(line.partition("] ")[2]), 60.0, ManualClock()) as display:
        state = PollState(0.0)
        for now, status in enumerate(("Archiving", "Suspended", "Archiving")):
            state = state.add(PollResult(float(now), job(status)))
            display.report("job-1", state, float(now))
    assert [line for line in printed if not line.startswith("job-1: ")] == [
        "job job-1 has the status 'Archiving', which this version does not know; the wait goes on"
    ]


def test_a_job_that_fails_comes_first() -> None:
    """The gate is about to fail for it."""
    jobs = Sum(2)
    jobs.poll(0, 0.0, "Active")
    jobs.poll(1, 0.0, "Active")
    assert jobs.poll(1, 1.0, "Failing", 400) == [Line("1 Failing, 20 %, 0 of 2 jobs Complete, 1 Active")]


def test_a_thousand_jobs_have_no_more_lines_than_twelve_jobs() -> None:
    """Each job goes through all statuses, one job after the other: some dozen lines at most, and heartbeats."""
    life = ("New", "Preparing", "Ready", "Active", "Completing", "Complete")
    for jobs in (12, 1000):
        lives = Sum(jobs)
        found: Counter[bool] = Counter()
        for number in range(jobs):
            lives.poll(number, 0.0, "New")
        for number in range(jobs):
            for status in life:
                for line in lives.poll(number, 60 * 10 * number / jobs, status, 1000 if status in life[4:] else 0):
                    found[line.stays] += 1
        assert found[True] == 0
        assert 10 <= found[False] <= 10 + 10 + 5 + 10
