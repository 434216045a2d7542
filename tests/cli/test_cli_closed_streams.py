"""Real processes with closed standard streams, and warnings in any mode of Python."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command import FULL
from places import RESPONSES

if TYPE_CHECKING:
    from pulumi_cosjob.testing import CosBatchEmulator

pytestmark = pytest.mark.usefixtures("service_environment")

APPID = "1250000000"
CLOSED = ("2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full")
CODE = "from pulumi_cosjob._cli.main import main; main()"


def shell(command: str, redirection: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with redirected streams, as a shell does."""
    script = f'exec "$PYTHON" -c "$CODE" {command} {redirection}'
    environment = {**os.environ, "PYTHON": sys.executable, "CODE": CODE, **variables}
    return subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("redirection", CLOSED)
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("wait completes", 0),
        ("wait completes -o json", 0),
        ("wait fails", 1),
        ("wait ../x", 2),
        ("wait", 2),
        ("wait endless --timeout 1s", 124),
        ("describe completes", 0),
        ("describe completes none", 1),
        ("describe completes -o yaml", 0),
        ("--help", 0),
        ("nothing", 2),
    ],
)
def test_closed_streams_change_no_verdict(service: CosBatchEmulator, command: str, code: int, redirection: str) -> None:
    """The exit code is that of the same command with all streams open, and the requests were made."""
    for scenario, job_id in (("completes", "completes"), ("fails", "fails"), ("never-ends", "endless")):
        service.create_job(scenario, seconds=0, job_id=job_id)
    service.clock.advance(60)
    done = shell(command, redirection, COSJOB_APPID=APPID)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert bool(service.requests) is (len(command.split()) > 1 and code != 2)
    if command == "wait completes -o json" and ">&-" not in redirection.replace("2>&-", ""):
        assert '"Complete"' in done.stdout


@pytest.mark.parametrize(
    "command", ["describe completes", "describe completes -o json", "wait completes -o json", "--help"]
)
def test_a_full_disk_loses_the_result(service: CosBatchEmulator, command: str) -> None:
    """That is an error with a sentence, unlike a stream that the caller has closed."""
    service.create_job("completes", seconds=0, job_id="completes")
    service.clock.advance(60)
    done = shell(command, ">/dev/full", COSJOB_APPID=APPID)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "cosjob: standard output cannot be written: No space left on device"


def test_a_full_disk_does_not_hide_the_verdict_of_a_wait(service: CosBatchEmulator) -> None:
    """The exit code of a wait that timed out stays."""
    service.create_job("never-ends", job_id="endless")
    done = shell("wait endless --timeout 1s -o json", ">/dev/full", COSJOB_APPID=APPID)
    assert done.returncode == 124
    assert "not complete within 1 s" in done.stderr


@pytest.mark.parametrize("mode", ["", "default", "always", "error", "ignore", "error::UserWarning"])
def test_a_warning_is_one_line_in_any_mode(service: CosBatchEmulator, mode: str) -> None:
    """Python's filters neither hide a warning about the result nor turn it into an error, and no line has a path."""
    response = (RESPONSES / "full.xml").read_text().replace(">2147483647<", ">urgent<")
    service.replay(FULL, response)
    done = shell(f"describe {FULL} none", "", COSJOB_APPID=APPID, PYTHONWARNINGS=mode)
    ours = [line for line in done.stderr.splitlines() if "left out" in line]
    assert [line.partition(": /")[0] for line in ours] == [
        "cosjob: warning: a part of the response violates the schema and was left out"
    ]
    assert all(line.startswith("cosjob: ") for line in done.stderr.splitlines())
    assert done.returncode == 1


def test_a_warning_of_a_library_is_one_line(service: CosBatchEmulator) -> None:
    """It names its kind in place of the place in the code."""
    service.create_job("completes", job_id="completes")
    code = "import warnings, pulumi_cosjob._service.client as c; of = c.CosBatchClient.describe_job\n"
    code += "def warn(*a):\n    warnings.warn('old\\n  and grey', DeprecationWarning)\n    return of(*a)\n"
    code += f"c.CosBatchClient.describe_job = warn\n{CODE}"
    done = shell("describe completes", "", COSJOB_APPID=APPID, PYTHONWARNINGS="always", CODE=code)
    assert done.stderr == "cosjob: warning: DeprecationWarning: old and grey\n"
    assert shell("-q describe completes", "", CODE=code).returncode == 2, "the option belongs to the commands"
    done = shell("describe -q completes", "", COSJOB_APPID=APPID, PYTHONWARNINGS="always", CODE=code)
    assert (done.returncode, done.stderr) == (0, "")
