"""Stacks on the real Pulumi engine, for tests: a program and a backend in a temporary folder."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PASSPHRASE = "tests"


@functools.cache
def engine_path() -> str:
    """Return the folders of the Pulumi CLI and its hosts, as in PATH; a failure to provide them fails the test."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "engine.py", "--all"],
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    assert done.returncode == 0, f"no Pulumi engine: {done.stderr}"
    return done.stdout.splitlines()[-1]


@dataclass(frozen=True)
class Run:
    """What a CLI call did."""

    code: int
    text: str

    def ok(self) -> Run:
        """Fail the test where the call failed."""
        assert self.code == 0, self.text
        return self

    def failed(self) -> Run:
        """Fail the test where the call did not fail."""
        assert self.code != 0, self.text
        return self


class Stack:
    """One stack of one program.

    Args:
        folder: Holds the program and its backend; it is made.
        program: A Python program; or a folder with a whole one in any language, which is copied if it is another.
        variables: What the environment has besides.
        python: Another interpreter for the program than the tests'.
        plugin: The folder that holds the native plugin, for programs that need it.
    """

    def __init__(
        self,
        folder: Path,
        program: str | Path,
        variables: dict[str, str],
        python: Path | None = None,
        plugin: Path | None = None,
    ) -> None:
        self.folder = folder
        (folder / "state").mkdir(parents=True)
        project = folder / "Pulumi.yaml"
        if isinstance(program, Path):
            if program != folder:
                shutil.copytree(program, folder, dirs_exist_ok=True)
        else:
            project.write_text("name: tests\nruntime: python\n")
            self.write(program)
        if plugin is not None:
            with project.open("a") as file:
                file.write(f"plugins: {{providers: [{{name: cosjob, path: {json.dumps(str(plugin))}}}]}}\n")
        # The Python host of the engine takes whichever interpreter comes first on PATH.
        binaries = (python or Path(sys.executable)).parent
        self.variables = {
            **os.environ,
            "PATH": os.pathsep.join([str(binaries), engine_path(), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # An editable install hides its pulumi-plugin.json, and every command would look for a plugin to download.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PYTHONWARNINGS": "default",
            **variables,
        }
        self.run("stack", "init", "dev").ok()

    def write(self, program: str) -> None:
        """Replace the program."""
        (self.folder / "__main__.py").write_text(program)

    def run(self, *arguments: str) -> Run:
        """Run the CLI."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            executable=shutil.which("pulumi", path=engine_path()),
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def preview(self, *arguments: str) -> Run:
        """Run `pulumi preview`."""
        return self.run("preview", *arguments)

    def up(self, *arguments: str) -> Run:
        """Run `pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def refresh(self) -> Run:
        """Run `pulumi refresh`."""
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        """Run `pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        outputs: dict[str, Any] = json.loads(self.run("stack", "output", "--json").ok().text)
        return outputs

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state."""
        state = json.loads(self.run("stack", "export").ok().text)
        resources: list[dict[str, Any]] = state["deployment"].get("resources", [])
        return resources
