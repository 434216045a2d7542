"""`cosjob completion`, in shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command import cosjob


@pytest.fixture
def with_command(tmp_path: Path) -> dict[str, str]:
    """Environment variables of a shell that finds the command, and no service."""
    script = tmp_path / "cosjob"
    code = "from pulumi_cosjob._cli.main import main; main()"
    script.write_text(f"#!{sys.executable}\nimport sys; sys.argv[0] = 'cosjob'\n{code}\n")
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def completed(words: str, at: int, environment: dict[str, str]) -> list[str]:
    """Return what bash offers for a command line."""
    script = f"""
        eval "$(cosjob completion bash)"
        COMP_WORDS=({words}) COMP_CWORD={at} COMPREPLY=()
        _cosjob_completion cosjob
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_and_options(with_command: dict[str, str]) -> None:
    """Commands, options and their values are offered; job ids are not, and nothing is requested."""
    assert completed("cosjob de", 1, with_command) == ["describe"]
    assert completed("cosjob plugin in", 2, with_command) == ["install"]
    assert completed("cosjob wait --no", 2, with_command) == ["--no-fail-fast"]
    assert completed("cosjob describe -o ''", 3, with_command) == ["table", "json", "yaml"]
    assert completed("cosjob completion ''", 2, with_command) == ["bash", "zsh", "fish"]
    assert completed("cosjob wait ''", 2, with_command) == []
    assert completed("cosjob list --status su", 3, with_command) == ["Suspended"]


@pytest.mark.parametrize(
    ("shell", "part"), [("bash", "complete -o nosort"), ("zsh", "#compdef cosjob"), ("fish", "complete")]
)
def test_each_shell_has_its_script(shell: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script is printed without running that shell."""
    monkeypatch.setenv("PATH", "")
    result = cosjob("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert part in result.stdout
    assert f"_COSJOB_COMPLETE={shell}_complete" in result.stdout


def test_an_unknown_shell_is_refused() -> None:
    """The message lists the shells."""
    result = cosjob("completion", "csh")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in result.stderr
