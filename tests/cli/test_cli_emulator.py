"""`cosjob emulator`, called as from a shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import FULL, cosjob
from places import RESPONSES

# A shell would split or expand it without quotes.
SECRET_KEY = "key'of;$mine"


@pytest.fixture
def emulator_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `cosjob emulator` with jobs and a replay."""
    (tmp_path / "response.xml").write_bytes((RESPONSES / "minimal.xml").read_bytes())
    command = [
        *(sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", "emulator", "--port", "0"),
        *("--secret-id", "id-of-mine", "--secret-key", SECRET_KEY, "--job", "first=never-ends"),
        *("--job", "second=fails,seconds=0,tasks=7", "--replay", f"{FULL}={tmp_path}/response.xml"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


def test_emulator_serves_jobs_and_replays_until_it_is_interrupted(
    emulator_process: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It prints its endpoint and lines for a shell, serves the jobs and replays, and ends with Ctrl-C."""
    assert emulator_process.stdout is not None
    line = emulator_process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:")
    lines = [emulator_process.stdout.readline() for _ in range(3)]
    shell = subprocess.run(["sh", "-c", "".join(lines) + "env"], capture_output=True, text=True, check=True, timeout=60)
    variables = dict(each.partition("=")[::2] for each in shell.stdout.splitlines())
    assert variables["COSJOB_ENDPOINT"] == line.split()[-1]
    assert variables["TENCENTCLOUD_SECRET_KEY"] == SECRET_KEY
    for name in ("COSJOB_ENDPOINT", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"):
        monkeypatch.setenv(name, variables[name])

    def status(job_id: str) -> str:
        result = cosjob("describe", job_id, "--appid", "1250000000", "--output", "json")
        assert result.exit_code == 0, result.stderr
        return str(json.loads(result.stdout)["status"])

    assert status("first") in ("New", "Preparing", "Ready", "Active")
    assert status(FULL) == "New"
    response = tmp_path / "response.xml"
    response.write_text(response.read_text().replace("New", "Paused"))
    assert status(FULL) == "Paused"
    emulator_process.send_signal(signal.SIGINT)
    assert emulator_process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--job", "first"], "a job is given as ID=SCENARIO"),
        (["--job", "first=sleeps"], "there is no scenario 'sleeps'"),
        (["--job", "first=fails,seconds=-1"], "seconds must be a number from 0"),
        (["--replay", "first=none.xml"], "there is no file 'none.xml'"),
        (["--port", "70000"], "70000 is not in the range"),
    ],
)
def test_emulator_refuses_malformed_arguments(arguments: list[str], message: str) -> None:
    """The exit code is 2, with a message."""
    result = cosjob("emulator", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_emulator_without_its_extra_shows_the_install_command(tmp_path: Path) -> None:
    """If aiohttp is not installed, the message has the command that installs it."""
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError('No module named aiohttp', name='aiohttp')\n")
    done = subprocess.run(
        [sys.executable, "-c", "from pulumi_cosjob._cli.main import main; main()", "emulator"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert 'pip install "pulumi-cosjob[emulator]"' in done.stderr
