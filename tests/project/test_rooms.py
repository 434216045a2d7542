"""The package's surface: its names, what importing it costs, and which room may import which."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_cosjob
from places import ROOT
from pulumi_cosjob import native, types
from pulumi_cosjob._model.element import Element

PACKAGE = Path(pulumi_cosjob.__file__).parent
# From the bottom to the top: a room imports from itself and from rooms of lines above it; drawn in docs/design.md.
ROOMS = (
    {"_records"},
    {"_text", "_version", "_places"},
    {"_messages"},
    {"_details"},
    {"_errors"},
    {"_checks", "_clock", "_extras"},
    {"_model"},
    {"_xml", "types"},
    {"_service"},
    {"_waiting"},
    {"_engine"},
    {"_program"},
    {"_plugin"},
    {"_dynamic", "_native"},
    {"_cli", "_mocks", "native"},
)
# What a room imports that is not below it.
ALSO = {"_cli": {"_emulator"}}
# Each stands beside the others, and imports what is named and nothing else of the package.
BESIDE = {"testing": {"_emulator", "_clock", "_extras", "_mocks"}, "_emulator": {"_emulator", "_clock"}}


def run(program: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_all_is_sorted_and_complete() -> None:
    """Every public name is listed, every listed name exists, and classes come after constants."""
    listed = pulumi_cosjob.__all__
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), name.islower(), name))
    assert len(set(listed)) == len(listed)
    for name in listed:
        assert getattr(pulumi_cosjob, name) is not None
    shown = {name for name in dir(pulumi_cosjob) if not name.startswith("_")}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert shown - modules - {"Any", "TYPE_CHECKING", "annotations", "importlib"} == set(listed)


@pytest.mark.parametrize("name", ["AllJobsCompletion", "JobCompletion", "get_job", "get_jobs", "list_jobs"])
def test_native_takes_what_the_package_takes(name: str) -> None:
    """A program moves over by a change of its imports: the same arguments, in the same order, by the same defaults."""
    ours, native_ones = (inspect.signature(getattr(module, name)).parameters for module in (pulumi_cosjob, native))
    assert list(ours) == list(native_ones)
    assert [each for each in ours if ours[each].default != native_ones[each].default] == []
    assert native.__all__ == sorted(native.__all__, key=lambda each: (each.islower(), each))
    assert set(native.__all__) >= {
        "Job",
        "JobList",
        "Jobs",
        "Provider",
        "get_job_output",
        "get_jobs_output",
        "list_jobs_output",
    }


def test_a_star_import_brings_the_names() -> None:
    """All listed names are imported, and nothing besides."""
    names = run(
        "import sys; before = set(globals()); from pulumi_cosjob import *; print(*sorted(set(globals()) - before))"
    )
    assert set(names.split()) - {"before"} == set(pulumi_cosjob.__all__)


@pytest.mark.parametrize("name", pulumi_cosjob.__all__)
def test_each_name_is_documented(name: str) -> None:
    """A class or a function has a docstring; a constant has one in the source."""
    value = getattr(pulumi_cosjob, name)
    assert name.isupper() or value.__doc__


def test_importing_the_package_is_cheap() -> None:
    """Nothing heavy is loaded until it is needed: no requests, no xmlschema, no SDKs, no Pulumi."""
    heavy = (
        "requests urllib3 xmlschema elementpath pulumi grpc qcloud_cos tencentcloud tenacity click rich aiohttp yaml"
    )
    loaded = run("import sys, pulumi_cosjob; print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert not set(heavy.split()) & set(loaded.split())
    assert "pulumi_cosjob" in loaded.split()


def test_the_parts_of_a_job_are_public() -> None:
    """`pulumi_cosjob.types` has the class of every field, and lists what it has."""
    assert types.__all__ == sorted(types.__all__)
    assert {name for name in dir(types) if name[0] in string.ascii_uppercase} == set(types.__all__)
    direct = Element.__subclasses__()
    classes = {*direct, *(below for cls in direct for below in cls.__subclasses__())}
    assert set(types.__all__) == {cls.__name__ for cls in classes} | {"JobState"}
    loaded = run("import sys, pulumi_cosjob.types; print(*sys.modules)").split()
    assert {"pulumi_cosjob.types", "pulumi_cosjob._model.job"} <= set(loaded)
    assert "pulumi" not in loaded


@pytest.mark.parametrize("name", ["get_job", "JobCompletion", "native"])
def test_what_type_checkers_need_is_not_loaded(name: str) -> None:
    """The types of fields as outputs cost a program nothing."""
    loaded = run(f"import sys; from pulumi_cosjob import {name}; print(*sys.modules)").split()
    assert "pulumi_cosjob._program.outputs" in loaded
    assert not {"pulumi_cosjob._program.output_types", "pulumi_cosjob.types"} & set(loaded)


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("JobDescription", {"requests", "xmlschema", "pulumi", "qcloud_cos"}),
        ("parse_describe_job_result", {"requests", "pulumi", "qcloud_cos", "xmlschema"}),
        ("CosBatchClient", {"pulumi", "requests", "qcloud_cos", "xmlschema"}),
    ],
)
def test_a_name_loads_no_more_than_it_needs(name: str, absent: set[str]) -> None:
    """A program that uses one way in does not load the others."""
    loaded = run(f"import sys; from pulumi_cosjob import {name}; print(*sys.modules)")
    assert not {each.partition(".")[0] for each in loaded.split()} & absent


def test_a_name_is_looked_up_once() -> None:
    """What was loaded at first use becomes an attribute of the module."""
    program = """
import pulumi_cosjob
assert "STATES" not in vars(pulumi_cosjob) and "__version__" not in vars(pulumi_cosjob)
first = pulumi_cosjob.STATES
assert vars(pulumi_cosjob)["STATES"] is first is pulumi_cosjob.STATES
print(pulumi_cosjob.__version__)
"""
    assert run(program) == importlib.metadata.version("pulumi-cosjob")


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The message names the module and the name, as Python's own does."""
    with pytest.raises(AttributeError, match=r"module 'pulumi_cosjob' has no attribute 'get_jbo'"):
        pulumi_cosjob.get_jbo  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError):
        exec("from pulumi_cosjob import get_jbo")  # noqa: S102


def test_dir_lists_what_was_not_loaded_yet() -> None:
    """Completion in an editor or a shell knows the names that load at first use."""
    assert set(run("import pulumi_cosjob; print(*dir(pulumi_cosjob))").split()) >= set(pulumi_cosjob.__all__)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node that runs: all but those which only type checkers read."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _running(child)


def imported(source: str, *, running_only: bool) -> set[str]:
    """Return the modules of the package that a module imports, at any place in it."""
    found = set()
    for node in _running(ast.parse(source)) if running_only else ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            names = [f"{module}.{each.name}" for each in node.names] if module == "pulumi_cosjob" else [module]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("pulumi_cosjob.")}
    return found


def sources() -> Iterator[tuple[str, str]]:
    """Yield each module of the package, with its room."""
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        yield relative.parts[0].removesuffix(".py"), path.read_text(encoding="utf-8")


def allowed(module: str) -> set[str]:
    """Return what a module may import."""
    if module in BESIDE:
        return BESIDE[module]
    below: set[str] = set()
    for rooms in ROOMS:
        if module in rooms:
            return below | {module} | ALSO.get(module, set())
        below |= rooms
    raise AssertionError(f"{module} is no room: add it to ROOMS, and to the picture and the table of docs/design.md")


def forbidden_imports(module: str, source: str) -> set[str]:
    """Return what a module imports although it may not; the emulator imports no types of other rooms either."""
    return imported(source, running_only=module != "_emulator") - allowed(module)


@pytest.mark.parametrize(("module", "source"), [(module, text) for module, text in sources() if module != "__init__"])
def test_imports_go_one_way(module: str, source: str) -> None:
    """No room imports from one above, and the emulator imports nothing of what it tests."""
    found = forbidden_imports(module, source)
    assert not found, f"{module} may not import {', '.join(sorted(found))}: ROOMS has the order"


@pytest.mark.parametrize(
    ("module", "source", "forbidden"),
    [
        ("_model", "from pulumi_cosjob._xml.decoder import describe", "_xml"),
        ("_service", "def f():\n    from pulumi_cosjob import _waiting", "_waiting"),
        ("_errors", "import pulumi_cosjob._service.client", "_service"),
        ("_emulator", "if TYPE_CHECKING:\n    from pulumi_cosjob._model.states import STATES", "_model"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(module: str, source: str, forbidden: str) -> None:
    """The check finds imports in functions, under TYPE_CHECKING and in every form."""
    assert forbidden_imports(module, source) == {forbidden}


DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
_ROOMS = DESIGN.partition("## The rooms")[2].partition("\n## ")[0]


def test_the_design_draws_the_rooms() -> None:
    """The picture has the rooms of each line above in their order, the highest first, and what stands beside them."""
    picture = _ROOMS.split("```")[1]
    assert max(map(len, picture.splitlines())) <= 80
    drawn = re.findall(r"^│ (.*?) *│ │ (.*?) *│$", picture, re.MULTILINE)
    assert [set(re.split(r" {2,}", left)[0].split(", ")) for left, _ in drawn] == list(reversed(ROOMS))
    beside = re.findall(r"(\w+) imports ((?:\w+, )*\w+)", " ".join(" ".join(right for _, right in drawn).split()))
    assert {room: set(imports.split(", ")) | ({room} & BESIDE[room]) for room, imports in beside} == BESIDE


def test_the_design_describes_each_room() -> None:
    """The table below the picture has a row for each room, with all of its modules."""
    rows = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|.*\|$", _ROOMS, re.MULTILINE))
    rooms = set(BESIDE).union(*ROOMS)
    assert set(rows) == rooms
    for room in sorted(rooms):
        modules = {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"}
        modules |= {path.parent.name for path in (PACKAGE / room).glob("*/__init__.py")}
        listed = set(re.findall(r"`(\w+)`", rows[room]))
        assert listed == modules, f"docs/design.md: the row of {room} is to list {', '.join(sorted(modules)) or 'none'}"


@pytest.mark.parametrize("step", sorted(set(re.findall(r"`(\w+/\w+:[\w.]+)`", DESIGN))))
def test_each_step_of_the_walk_exists(step: str) -> None:
    """The design names functions and classes that exist in these modules."""
    file, _, name = step.partition(":")
    body: list[ast.stmt] = ast.parse((PACKAGE / f"{file}.py").read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = [each for each in body if getattr(each, "name", None) == part]
        assert found, f"docs/design.md names {step}, and there is no {part}"
        body = getattr(found[0], "body", [])


def test_implementation_modules_have_a_leading_underscore() -> None:
    """Only these modules are public."""
    public = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("_") and path.suffix == ".py"}
    assert public <= {"native", "testing", "types"}
    assert (PACKAGE / "py.typed").exists()
