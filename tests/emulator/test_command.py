"""The emulator as a command: its arguments, and serving until a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from emulator_client import Caller
from pulumi_cosjob._emulator import JobOrder, parse_job, parse_replay

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a=completes", JobOrder("a", "completes", 10.0, 100)),
        ("a=fails,seconds=2.5", JobOrder("a", "fails", 2.5, 100)),
        ("a=stalls,tasks=7,seconds=0", JobOrder("a", "stalls", 0.0, 7)),
        ("a=restore,starts=first-request,tasks=7", JobOrder("a", "restore", 10.0, 7, "first-request")),
        ("a=gains-a-word,starts=now", JobOrder("a", "gains-a-word", 10.0, 100, "now")),
    ],
)
def test_parse_job(text: str, order: JobOrder) -> None:
    """A job on the command line is an id, a scenario and, optionally, seconds, tasks and its start."""
    assert parse_job(text) == order


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", r"a job is given as ID=SCENARIO\[,seconds=N\]\[,tasks=N\]\[,starts=first-request\], not as 'a'"),
        ("=fails", "a job is given as"),
        ("a=", "a job is given as"),
        ("a=explodes", "there is no scenario 'explodes'; the scenarios are: cancelled"),
        ("a=fails,colour=red", "not 'colour=red'"),
        ("a=fails,tasks=1,tasks=2", "each at most once, not 'tasks=2'"),
        ("a=fails,seconds=soon", "seconds must be a number from 0, not 'soon'"),
        ("a=fails,seconds=-1", "seconds must be a number from 0, not '-1'"),
        ("a=fails,seconds=nan", "seconds must be a number from 0, not 'nan'"),
        ("a=fails,tasks=1.5", "tasks must be a whole number from 0, not '1.5'"),
        ("a=fails,", "not ''"),
        ("a=fails,starts=soon", "starts must be now or first-request, not 'soon'"),
    ],
)
def test_parse_job_explains_mistakes(text: str, message: str) -> None:
    """A job in another form is refused; the message has the right form."""
    with pytest.raises(ValueError, match=message):
        parse_job(text)


def test_parse_replay(tmp_path: Path) -> None:
    """A replay on the command line is an id and an existing file, whose name may have an equals sign."""
    file = tmp_path / "a=b.xml"
    file.touch()
    assert parse_replay(f"id={file}") == ("id", file)
    for text, message in (("id", "as ID=FILE, not as 'id'"), ("id=missing.xml", "no file 'missing.xml'")):
        with pytest.raises(ValueError, match=message):
            parse_replay(text)


SERVE = """
import sys
from pulumi_cosjob._emulator import parse_job, serve
serve(("127.0.0.1", 0), [parse_job("j=completes,seconds=60")], [("r", sys.argv[1])], None,
      lambda url: print("listening on " + url, flush=True))
print("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """The command's server reports its URL first, serves jobs and replays, and ends without errors at either signal."""
    (tmp_path / "r.xml").write_bytes(b"<r/>")
    command = [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path / "r.xml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("listening on ")
        try:
            caller = Caller(url, time.time())
            assert caller.request("GET", "/jobs/j").text("Job/JobId") == "j"
            assert caller.request("GET", "/jobs/r").body == b"<r/>"
        finally:
            process.send_signal(number)
            output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "ended\n", "")
