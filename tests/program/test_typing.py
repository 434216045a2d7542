"""mypy and pyright, in strict mode, on users' programs; and the declared types, compared with those at run time.

The programs are in `tests/typing`. Those that use no feature of one variant are checked with both variants.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from places import ROOT
from pulumi_cosjob.testing import CosBatchEmulator
from schema_comparison import declared_attributes
from stacks import Stack

PROGRAMS = ROOT / "tests" / "typing"
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/__main__.py"))
PACKAGE = ROOT / "pulumi_cosjob"

Reports = Mapping[str, Mapping[int, list[str]]]
"""Messages by file, relative to the folder of the programs, and by line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all programs, outside this repository and its settings."""
    found = tmp_path_factory.mktemp("programs")
    for path in PROGRAMS.glob("*.py"):
        shutil.copy(path, found)
    for name in ("program", "mistakes"):
        source = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
        moved = source.replace("from pulumi_cosjob import", "from pulumi_cosjob.native import")
        assert moved != source
        (found / f"{name}_native.py").write_text(moved, encoding="utf-8")
    for example in EXAMPLES:
        shutil.copytree(example, found / example.name)
    return found


def run(folder: Path, *command: str) -> str:
    """Run a type checker of this environment and return its output, whether it reports errors or not."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        # These settings of the user could make pyright download another version.
        env={name: value for name, value in os.environ.items() if not name.startswith("PYRIGHT_PYTHON_")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def mypy(folder: Path) -> Reports:
    """Check all programs by `mypy --strict`; examples one by one, because their modules have the same names."""
    found: Reports = defaultdict(lambda: defaultdict(list))
    for where in (folder, *(folder / example.name for example in EXAMPLES)):
        files = sorted(path.name for path in where.glob("*.py"))
        cache = f"--cache-dir={folder / '.mypy_cache'}"
        printed = run(where, "mypy", "--strict", "--config-file=", cache, "--output=json", *files)
        for line in filter(None, printed.splitlines()):
            report = json.loads(line)
            if report["severity"] == "error":
                file = (where / report["file"]).relative_to(folder).as_posix()
                found[file][report["line"]].append(report["message"])
    return found


def pyright(folder: Path) -> Reports:
    """Check all programs by pyright in strict mode."""
    assert shutil.which("node"), "pyright needs Node.js"
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    printed = json.loads(run(folder, "pyright", "--outputjson", f"--pythonpath={sys.executable}"))
    assert printed["summary"]["filesAnalyzed"] >= len(list(folder.rglob("*.py")))
    found: Reports = defaultdict(lambda: defaultdict(list))
    for report in printed["generalDiagnostics"]:
        file = Path(report["file"]).relative_to(folder.resolve()).as_posix()
        found[file][report["range"]["start"]["line"] + 1].append(report["message"])
    return found


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def reports(request: pytest.FixtureRequest, folder: Path) -> Reports:
    """Return the errors that a type checker reports of all programs."""
    check: Callable[[Path], Reports] = request.param
    return check(folder)


@pytest.mark.newest
@pytest.mark.parametrize("name", ["program.py", "program_native.py", "dynamic_program.py", "native_program.py"])
def test_a_correct_program_passes(reports: Reports, folder: Path, name: str) -> None:
    """Every field at every depth, every input and every function has the type that the program asserts."""
    assert "assert_type(" in (folder / name).read_text(encoding="utf-8")
    assert reports.get(name, {}) == {}


@pytest.mark.newest
@pytest.mark.parametrize("name", ["mistakes.py", "mistakes_native.py"])
def test_each_mistake_is_reported_and_nothing_else(reports: Reports, folder: Path, name: str) -> None:
    """Unknown names at any depth, values that may be None, and arguments of a wrong type."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, start=1) if line.endswith("  # wrong")}
    assert len(wrong) > 40
    assert set(reports.get(name, {})) == wrong, {
        number: reports.get(name, {}).get(number, lines[number - 1]) for number in wrong ^ set(reports.get(name, {}))
    }
    for number, messages in reports[name].items():
        if ".typo" in lines[number - 1]:
            assert any('attribute "typo"' in message for message in messages), messages


@pytest.mark.newest
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_passes(reports: Reports, example: Path) -> None:
    """The examples that users copy have no errors; the README's first program is among them."""
    assert {file: lines for file, lines in reports.items() if file.startswith(f"{example.name}/")} == {}


# --------------------------------------------------------------------------------------------------- true when it runs

# The classes that declare the inputs of a resource as outputs, by the name of the resource in the program below.
TYPES_MODULE = "_program/output_types.py"
_GATE = [(TYPES_MODULE, "AccountAttributes"), (TYPES_MODULE, "GateAttributes")]
_ALL = (TYPES_MODULE, "AllJobsAttributes")
DECLARED = {
    "job": [(TYPES_MODULE, "AccountAttributes")],
    "jobs": [(TYPES_MODULE, "AccountAttributes"), (TYPES_MODULE, "JobsAttributes"), ("_dynamic/functions.py", "Jobs")],
    "list": [
        (TYPES_MODULE, "AccountAttributes"),
        (TYPES_MODULE, "JobListAttributes"),
        ("_dynamic/functions.py", "JobList"),
    ],
    "gate": [*_GATE, ("_dynamic/gates.py", "JobCompletion")],
    "both": [*_GATE, _ALL, (TYPES_MODULE, "DynamicAllJobsAttributes"), ("_dynamic/gates.py", "AllJobsCompletion")],
    "native_gate": [*_GATE, ("_native/gates.py", "JobCompletion")],
    "native_both": [*_GATE, _ALL, ("_native/gates.py", "AllJobsCompletion")],
}
DERIVED = {"jobs", "missing_job_ids"}  # from another output: they are no inputs
DERIVED_OF = {"list": {"job_ids"}}

INPUTS_PROGRAM = """
import datetime, json, pulumi
from pulumi_cosjob import AllJobsCompletion, JobCompletion, get_job, get_jobs, list_jobs, native

APPID, IDS = "1250000000", ["first", "second"]
account = {account!r}
variants = {{
    "": {{}},
    "_given": dict(
        timeout=datetime.timedelta(minutes=90, milliseconds=1500), max_failed_tasks=None, fail_when_suspended=True
    ),
}}
for suffix, wait in variants.items():
    where = account if wait else {{}}
    filters = dict(
        statuses="Complete", created_after=datetime.timedelta(days=7), created_before="1s", description="*",
        operation="COSPutObjectCopy", limit=7,
    )
    resources = dict(
        job=get_job("first", APPID, **where),
        jobs=get_jobs(IDS, APPID, **where),
        list=list_jobs(**where, **(filters if wait else {{}})),
        gate=JobCompletion("gate" + suffix, job_id="first", appid=APPID, **where, **wait),
        both=AllJobsCompletion("both" + suffix, job_ids=IDS, appid=APPID, **where, **wait),
        native_gate=native.JobCompletion("native-gate" + suffix, job_id="first", appid=APPID, **where, **wait),
        native_both=native.AllJobsCompletion("native-both" + suffix, job_ids=IDS, appid=APPID, **where, **wait),
    )
    for label, names in {names!r}.items():
        for name in names:
            output = getattr(resources[label], name)
            pulumi.export(label + "." + name + suffix, output.apply(
                lambda value: [type(value).__name__, *{{type(each).__name__ for each in value}}]
                if isinstance(value, list) else type(value).__name__
            ))
"""

TYPES: Mapping[str, list[Any]] = {
    "str": ["str"],
    "int": ["int"],
    "bool": ["bool"],
    "float": ["int", "float"],
    "None": ["NoneType"],
    "Sequence[str]": [["list", "str"]],
}


@pytest.mark.engine
def test_inputs_are_outputs_of_the_types_that_are_declared(tmp_path: Path) -> None:
    """Of every resource, with the required arguments and with all of them; a preview ends."""
    declared = {
        label: {
            name: each.annotation.removeprefix("pulumi.Output[").removesuffix("]").split(" | ")
            for file, cls in places
            for name, each in declared_attributes(PACKAGE / file, cls).items()
            if name not in DERIVED | DERIVED_OF.get(label, set())
        }
        for label, places in DECLARED.items()
    }
    assert all(
        each.text
        for places in DECLARED.values()
        for file, cls in places
        for each in declared_attributes(PACKAGE / file, cls).values()
    )
    with CosBatchEmulator() as service:
        for job_id in ("first", "second"):
            service.create_job("completes", seconds=0, job_id=job_id)
        service.clock.advance(30)
        account = {"uin": "100000000001", "region": "ap-chengdu", "endpoint": service.endpoint}
        names = {label: sorted(each) for label, each in declared.items()}
        program = INPUTS_PROGRAM.format(account=account, names=names)
        stack = Stack(tmp_path / "stack", program, service.environment())
        stack.preview().ok()
        stack.up().ok()
        outputs = stack.outputs()
        stack.up("--expect-no-changes").ok()
    assert len(outputs) == 2 * sum(map(len, declared.values()))
    for output, found in outputs.items():
        label, _, name = output.removesuffix("_given").partition(".")
        assert found in [each for part in declared[label][name] for each in TYPES[part]], output
    # An output may be declared as optional only if it is None here for some resource.
    assert {outputs[f"{label}.uin"] for label in declared} == {"NoneType"}
    assert {outputs[f"{label}.uin_given"] for label in declared} == {"str"}
