"""The package's surface: its names, what importing it costs, and who may import whom."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_cosjob
from pulumi_cosjob import native, types
from pulumi_cosjob._model.job import Element

PACKAGE = Path(pulumi_cosjob.__file__).parent
# From the bottom to the top: a room imports from itself and from rooms of lines above it.
ROOMS = (
    {"_text", "_version", "_places"},
    {"_messages"},
    {"_details"},
    {"_errors"},
    {"_checks", "_clock"},
    {"_model"},
    {"_xml", "types"},
    {"_service"},
    {"_waiting"},
    {"_engine"},
    {"_program"},
    {"_plugin"},
    {"_dynamic", "native"},
    {"_cli", "_mocks"},
)
# Each stands beside the others, on what is named and on nothing else of the package.
BESIDE = {"testing": {"_emulator", "_clock", "_mocks"}, "_emulator": {"_emulator", "_clock"}}


def run(program: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_all_is_sorted_and_complete() -> None:
    """Every public name that is there is listed, every listed name is there, and classes come after constants."""
    listed = pulumi_cosjob.__all__
    assert listed == sorted(listed, key=lambda name: (not name.isupper(), name.islower(), name))
    assert len(set(listed)) == len(listed)
    for name in listed:
        assert getattr(pulumi_cosjob, name) is not None
    shown = {name for name in dir(pulumi_cosjob) if not name.startswith("_")}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert shown - modules - {"Any", "TYPE_CHECKING", "annotations", "importlib"} == set(listed)


@pytest.mark.parametrize("name", ["AllJobsCompletion", "JobCompletion", "get_job", "get_jobs"])
def test_native_takes_what_the_package_takes(name: str) -> None:
    """A program moves over by a change of its imports: the same arguments, in the same order, by the same defaults."""
    ours, native_ones = (inspect.signature(getattr(module, name)).parameters for module in (pulumi_cosjob, native))
    assert list(ours) == list(native_ones)
    assert [each for each in ours if ours[each].default != native_ones[each].default] == []
    assert native.__all__ == sorted(native.__all__, key=lambda each: (each.islower(), each))
    assert set(native.__all__) >= {"Job", "Jobs", "Provider", "get_job_output", "get_jobs_output"}


def test_a_star_import_brings_the_names() -> None:
    """All listed names are imported, and nothing besides."""
    names = run(
        "import sys; before = set(globals()); from pulumi_cosjob import *; print(*sorted(set(globals()) - before))"
    )
    assert set(names.split()) - {"before"} == set(pulumi_cosjob.__all__)


@pytest.mark.parametrize("name", pulumi_cosjob.__all__)
def test_each_name_is_documented(name: str) -> None:
    """A class or a function says what it is for; a constant says it where it stands."""
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
    """`pulumi_cosjob.types` has every class that a field is of, and lists what it has."""
    assert types.__all__ == sorted(types.__all__)
    assert {name for name in dir(types) if name[0] in string.ascii_uppercase} == set(types.__all__)
    assert set(types.__all__) == {cls.__name__ for cls in Element.__subclasses__()} | {"JobState"}
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
    """Whoever wants one way in does not pay for the others."""
    loaded = run(f"import sys; from pulumi_cosjob import {name}; print(*sys.modules)")
    assert not {each.partition(".")[0] for each in loaded.split()} & absent


def test_a_name_is_looked_up_once() -> None:
    """What was loaded at first use is then simply there."""
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
    """Yield every node that runs: all but what only type checkers see."""
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
            beside = {"_cli": {"_emulator"}, "_service": {"__version__"}, "native": {"__version__"}}
            return below | {module} | beside.get(module, set())
        below |= rooms
    raise AssertionError(f"{module} is no room: name it here and in the design")


def strangers(module: str, source: str) -> set[str]:
    """Return what a module imports although it may not; the emulator does not even know the others' types."""
    return imported(source, running_only=module != "_emulator") - allowed(module)


@pytest.mark.parametrize(("module", "source"), [(module, text) for module, text in sources() if module != "__init__"])
def test_imports_go_one_way(module: str, source: str) -> None:
    """No room imports from one above, and the emulator imports nothing of what it is to test."""
    assert strangers(module, source) == set()


@pytest.mark.parametrize(
    ("module", "source", "stranger"),
    [
        ("_model", "from pulumi_cosjob._xml.schema import describe", "_xml"),
        ("_service", "def f():\n    from pulumi_cosjob import _waiting", "_waiting"),
        ("_errors", "import pulumi_cosjob._service.client", "_service"),
        ("_emulator", "if TYPE_CHECKING:\n    from pulumi_cosjob._model.job import STATES", "_model"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(module: str, source: str, stranger: str) -> None:
    """The check sees imports in functions, under TYPE_CHECKING and in every form."""
    assert strangers(module, source) == {stranger}


def test_implementation_modules_have_a_leading_underscore() -> None:
    """Only these modules are public."""
    public = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("_") and path.suffix == ".py"}
    assert public <= {"native", "testing", "types"}
    assert (PACKAGE / "py.typed").exists()
