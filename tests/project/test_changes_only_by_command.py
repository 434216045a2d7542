"""Nothing but the three methods, and the three commands on them, sends anything but GET to COS Batch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi_cosjob
from command import cosjob
from places import ROOT
from pulumi_cosjob import CosBatchClient, describe_job
from pulumi_cosjob._cli.main import COMMANDS

if TYPE_CHECKING:
    import pytest

    from pulumi_cosjob.testing import CosBatchEmulator

PACKAGE = Path(pulumi_cosjob.__file__).parent
CHANGES = {"cancel_job": "_cli/cancel.py", "confirm_job": "_cli/confirm.py", "set_job_priority": "_cli/set_priority.py"}
COMMANDS_THAT_CHANGE = {"cancel", "confirm", "set-priority"}
METHODS = {"POST", "PUT", "PATCH", "DELETE"}
# Each place in the package that names another method than GET: the request of a change, and GetUserAppId, which goes to
# the account API and changes nothing.
PLACES = [("_service/connection.py", "POST"), ("_service/job_changes.py", "POST")]


def functions() -> Iterator[tuple[str, str, ast.AST]]:
    """Yield each function of the package without the emulator, with its file; and each module as a whole."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith("_emulator/"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield name, "", tree
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield name, node.name, node


def attributes(node: ast.AST) -> set[str]:
    """Return the names of the attributes that are used in some code."""
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def test_other_methods_are_named_in_one_place() -> None:
    """No other code of the package names a method that changes something, or has a function for one."""
    modules = [(name, node) for name, function, node in functions() if not function]
    constants = [
        (name, each.value) for name, node in modules for each in ast.walk(node) if isinstance(each, ast.Constant)
    ]
    assert [(name, value) for name, value in constants if value in METHODS] == PLACES
    assert [name for name, node in modules if attributes(node) & {method.lower() for method in METHODS}] == []


def test_changes_are_made_by_their_own_commands() -> None:
    """Each method that changes something is called by one command, and the request by these methods only."""
    calling = {change: {name for name, _, node in functions() if change in attributes(node)} for change in CHANGES}
    assert calling == {change: {file} for change, file in CHANGES.items()}
    changing = {(name, function) for name, function, node in functions() if function and "_change" in attributes(node)}
    assert changing == {("_service/job_changes.py", change) for change in CHANGES}


def test_everything_else_sends_only_get(service: CosBatchEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each other command and each other method of the client, about jobs in every state, leaves only GET in the log."""
    for name, value in {**service.environment(), "COSJOB_APPID": "1250000000"}.items():
        monkeypatch.setenv(name, value)
    jobs = [service.create_job(name, seconds=1) for name in ("completes", "fails", "waits-for-confirmation", "pauses")]
    service.clock.advance(3600)
    response = ROOT / "tests" / "responses" / "full.xml"
    calls = {
        "list": [["list"], ["list", "--status", "Failed", "-o", "ids"]],
        "describe": [["describe", *jobs], ["describe", "nope"]],
        "wait": [["wait", *jobs, "--timeout", "1s", "--no-fail-fast"], ["wait", "--fail-when-suspended", jobs[2]]],
        "validate": [["validate", str(response)]],
        "plugin": [["plugin", "--help"]],
        "emulator": [["emulator", "--help"]],
        "completion": [["completion", "bash"]],
    }
    assert calls.keys() >= COMMANDS.keys() - COMMANDS_THAT_CHANGE
    for each in calls.values():
        for arguments in each:
            cosjob(*arguments)
    describe_job(jobs[0], "1250000000")
    with CosBatchClient() as client:
        client.describe_jobs(jobs, "1250000000")
        client.poll(jobs[0], "1250000000")
    assert len(service.requests) > 15
    assert {request.method for request in service.requests if request.path != "/"} == {"GET"}
