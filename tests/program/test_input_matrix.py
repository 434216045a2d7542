"""Every input of every resource and function, as a program may give it: plain, secret, unknown, null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob._service.job_list import FILTERS
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Run, Stack

pytestmark = pytest.mark.engine

SECRET_JOB, SECRET_APPID = "job-of-no-ones-business", "1250000077"
ACCOUNT = ("appid", "uin", "region", "endpoint")
WAIT = ("timeout", "max_failed_tasks", "fail_when_suspended")
INPUTS = {
    "gate": ("job_id", *ACCOUNT, *WAIT),
    "gates": ("job_ids", "job_ids_item", *ACCOUNT, *WAIT),
    "read": ("job_id", *ACCOUNT),
    "reads": ("job_ids", "job_ids_item", *ACCOUNT, "missing", "max_concurrency"),
    "read_list": (*ACCOUNT, *FILTERS, "statuses_item"),
}
ECHOED = {"job_id", "job_ids", "job_ids_item", "statuses_item", *ACCOUNT, *FILTERS}
KINDS = ("plain", "secret", "unknown", "secret_unknown", "null")
NEEDED = {"job_id", "job_ids", "job_ids_item", "appid", "max_failed_tasks"}
"""Inputs that refuse an output of null; None itself as `max_failed_tasks` accepts any number."""

PROGRAM = """
import json, pathlib
import pulumi, pulumi.dynamic
from pulumi_cosjob{native} import AllJobsCompletion, JobCompletion, get_job, get_jobs, list_jobs

values = json.loads(pathlib.Path("values.json").read_text())

class EchoProvider(pulumi.dynamic.ResourceProvider):
    def create(self, props):
        return pulumi.dynamic.CreateResult("echo", {{"echoed": props["value"]}})

class Echo(pulumi.dynamic.Resource):
    echoed: pulumi.Output[object]
    def __init__(self, name, value):
        super().__init__(EchoProvider(), name, {{"value": value, "echoed": None}})

echoes = {{name: Echo(name, json.dumps(value)) for name, value in values.items()}}

def of_kind(kind, name):
    if kind == "null":
        return pulumi.Output.from_input(None)
    later = echoes[name].echoed.apply(json.loads) if "unknown" in kind else pulumi.Output.from_input(values[name])
    return values[name] if kind == "plain" else pulumi.Output.secret(later) if "secret" in kind else later

def cell(target, name, kind):
    inputs = dict(appid=values["appid"])
    if target == "read_list":
        of_list = {{name: of_kind(kind, name.removesuffix("_item"))}}
        if name == "statuses_item":
            of_list = {{"statuses": [*of_list.values()]}}
        label = f"{{target}}.{{name}}.{{kind}}"
        listed = list_jobs(**{{**inputs, **of_list}}, resource_name=label)
        pulumi.export(label, listed.jobs.apply(lambda jobs: [job.status for job in jobs][0]))
        return
    one = target in ("gate", "read")
    inputs["job_id" if one else "job_ids"] = values["job_id" if one else "job_ids"]
    if name == "job_ids_item":
        inputs["job_ids"] = [of_kind(kind, "job_id")]
    else:
        inputs[name] = of_kind(kind, name)
    label = f"{{target}}.{{name}}.{{kind}}"
    if target == "gate":
        found = JobCompletion(label, **inputs).status
    elif target == "gates":
        found = AllJobsCompletion(label, **inputs).jobs.apply(lambda jobs: [job.status for job in jobs.values()][0])
    elif target == "read":
        found = get_job(inputs.pop("job_id"), inputs.pop("appid"), **inputs, resource_name=label).status
    else:
        many = get_jobs(inputs.pop("job_ids"), inputs.pop("appid"), **inputs, resource_name=label)
        found = many.jobs.apply(lambda jobs: [job.status for job in jobs.values()][0])
    pulumi.export(label, found)

for target, name, kind in {cells!r}:
    cell(target, name, kind)
"""


@dataclass(frozen=True)
class Cell:
    """One input of one resource or function, in one kind."""

    target: str
    input: str
    kind: str

    @property
    def label(self) -> str:
        """The name of its resource and its output."""
        return f"{self.target}.{self.input}.{self.kind}"

    def expected(self, native: str, command: str) -> set[str]:
        """Return the values of the job's status that a command may show."""
        # A preview knows no outputs of a new dynamic gate; the plugin returns those of a completed job.
        pending = command == "preview" and ("unknown" in self.kind or (self.target.startswith("gate") and not native))
        # The plugin marks each output that echoes a secret: the gate's inputs, and jobs by secret ids. Functions cannot
        # mark outputs, and a dynamic provider carries all fields in one output.
        echoing = self.input in (("job_ids", "job_ids_item") if native and self.target == "gates" else ECHOED)
        one_by_one = native and self.target == "gate"
        hidden = "secret" in self.kind and not one_by_one and (echoing or (native and self.target.startswith("read")))
        if pending and hidden:
            return {"[secret]", "[unknown]"}
        return {"[secret]" if hidden else "[unknown]" if pending else "Complete"}


CELLS = [
    Cell(target, name, kind)
    for target, names in INPUTS.items()
    for name in names
    for kind in KINDS
    if (name, kind) != ("statuses_item", "null")
]


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator with a completed job."""
    with CosBatchEmulator() as emulator:
        emulator.create_job("completes", job_id=SECRET_JOB, seconds=0, appid=SECRET_APPID)
        emulator.clock.advance(60)
        yield emulator


@pytest.fixture
def stack(tmp_path: Path, service: CosBatchEmulator) -> Stack:
    """Return a stack with the plugin and without a program."""
    (tmp_path / "plugin").mkdir()
    write_launcher(tmp_path / "plugin")
    stack = Stack(tmp_path / "stack", "", service.environment(), plugin=tmp_path / "plugin")
    values = {
        "job_id": SECRET_JOB,
        "job_ids": [SECRET_JOB],
        "appid": SECRET_APPID,
        "uin": "100000000077",
        "region": "ap-nowhere",
        "endpoint": service.endpoint,
        "timeout": "77m",
        "max_failed_tasks": 7,
        "fail_when_suspended": True,
        "missing": "skip",
        "max_concurrency": 7,
        "statuses": "Complete",
        "created_after": "2020-01-01",
        "created_before": "2999-12-31",
        "description": "A job of*",
        "operation": "COSPutObjectCopy",
        "limit": 7,
    }
    (stack.folder / "values.json").write_text(json.dumps(values))
    return stack


def printed_outputs(run: Run) -> dict[str, str]:
    """Return the stack's outputs as a command prints them."""
    _, _, outputs = run.text.partition("Outputs:")
    return dict(re.findall(r'^ +[+~]? *([a-z_.]+) *: "?([^"\n]*)"?$', outputs, re.MULTILINE))


def write(stack: Stack, native: str, cells: list[Cell]) -> None:
    """Write a program with some cells into the stack."""
    stack.write(PROGRAM.format(native=native, cells=[(each.target, each.input, each.kind) for each in cells]))


@pytest.mark.oldest
@pytest.mark.parametrize("native", ["", ".native"])
def test_inputs_of_every_kind(stack: Stack, native: str) -> None:
    """A preview passes and shows what is known; an update completes; outputs that echo a secret are secret."""
    cells = [cell for cell in CELLS if not (cell.kind == "null" and cell.input in NEEDED)]
    write(stack, native, cells)
    for command in ("preview", "up"):
        run = stack.preview().ok() if command == "preview" else stack.up().ok()
        found = printed_outputs(run)
        wrong = [
            f"{cell.label}: {found.get(cell.label)} in place of {cell.expected(native, command)} in {command}"
            for cell in cells
            if found.get(cell.label) not in cell.expected(native, command)
        ]
        assert not wrong, "\n".join(wrong)
    values = json.loads((stack.folder / "values.json").read_text())
    values["job_ids_item"] = values["job_ids"] = SECRET_JOB
    values["statuses_item"] = values["statuses"]
    del values["limit"]  # the digit is in many other values
    resources = {each["urn"].rpartition("::")[2]: each for each in stack.resources()}
    echoing = [
        cell.label
        for cell in cells
        if "secret" in cell.kind
        and cell.input in ECHOED
        and cell.label in resources
        and cell.input in values
        and values[cell.input] in json.dumps(resources[cell.label])
    ]
    assert not echoing, "\n".join(echoing)
    assert not any({"preview", "custom_timeouts"} & {*each.get("inputs", ())} for each in resources.values())
    assert "no changes" not in stack.up("--expect-no-changes").ok().text


@pytest.mark.parametrize("native", ["", ".native"])
def test_null_for_a_required_input(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """The message names the input, no requests are sent, and there is no traceback."""
    wrong = []
    for cell in CELLS:
        if cell.kind != "null" or cell.input not in NEEDED:
            continue
        write(stack, native, [cell])
        text = stack.preview().failed().text.partition("Diagnostics:")[2]
        name = "job_id" if cell.input == "job_ids_item" else cell.input
        first, *rest = name.split("_")
        names = (name, first + "".join(map(str.title, rest)))
        if not any(each in text for each in names) or "Traceback" in text:
            wrong.append(f"{cell.label}: {text.strip()}")
    assert not wrong, "\n".join(wrong)
    assert service.requests == []


def test_every_input_is_in_the_matrix() -> None:
    """An input that is added later must be added to the matrix."""
    import inspect  # noqa: PLC0415  for this test alone

    import pulumi_cosjob  # noqa: PLC0415  as above

    for target, name in {
        "gate": "JobCompletion",
        "gates": "AllJobsCompletion",
        "read": "get_job",
        "reads": "get_jobs",
        "read_list": "list_jobs",
    }.items():
        parameters = {*inspect.signature(getattr(pulumi_cosjob, name)).parameters} - {"resource_name", "opts"}
        assert parameters == {*INPUTS[target]} - {"job_ids_item", "statuses_item"}
