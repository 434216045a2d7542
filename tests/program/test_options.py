"""Resource options: each takes effect, or is refused in a sentence that names it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pulumi_cosjob import InvalidArgumentError
from pulumi_cosjob._plugin.install import write_launcher
from pulumi_cosjob._program.options import (
    DYNAMIC_GATE,
    DYNAMIC_READ,
    NATIVE_FUNCTION,
    NATIVE_GATE,
    OptionRules,
    check_options,
    custom_timeouts,
    take_secret_fields,
)
from pulumi_cosjob.testing import CosBatchEmulator
from stacks import Stack

RULES = {"dynamic gate": DYNAMIC_GATE, "read": DYNAMIC_READ, "native gate": NATIVE_GATE, "function": NATIVE_FUNCTION}
ENGINE = {
    "aliases",
    "delete_before_replace",
    "deleted_with",
    "depends_on",
    "hide_diffs",
    "hooks",
    "ignore_changes",
    "parent",
    "protect",
    "replace_with",
    "replacement_trigger",
    "retain_on_delete",
    "state_migrations",
    "transformations",
    "transforms",
}
"""Options that the engine or the SDK applies to every registered resource."""
HONOURED = {
    "dynamic gate": ENGINE | {"additional_secret_outputs", "custom_timeouts"},
    "read": {"additional_secret_outputs", "depends_on", "parent", "transformations"},
    "native gate": ENGINE
    | {
        "additional_secret_outputs",
        "custom_timeouts",
        "plugin_download_url",
        "provider",
        "providers",
        "replace_on_changes",
        "version",
    },
    "function": {"depends_on", "parent", "plugin_download_url", "provider", "version"},
}
VALUES: dict[str, Any] = {
    "custom_timeouts": pulumi.CustomTimeouts(create="1h"),
    "protect": True,
}


def options(name: str) -> pulumi.ResourceOptions:
    """Return resource options of which one is set."""
    opts = pulumi.ResourceOptions()
    setattr(opts, name, VALUES.get(name, ["value"]))
    return opts


def names() -> list[str]:
    """Return the names of all resource options of this SDK."""
    return [name for name in inspect.signature(pulumi.ResourceOptions.__init__).parameters if name != "self"]


@pytest.mark.parametrize("way", RULES)
def test_no_option_is_ignored(way: str) -> None:
    """An option without effect is refused by name; this test knows the effect of every option of the SDK."""
    for name in names():
        if name in HONOURED[way]:
            if name != "parent":
                check_options(options(name), RULES[way])
        else:
            with pytest.raises(pulumi.RunError, match=f"^opts.{name} has no effect on ") as caught:
                check_options(options(name), RULES[way])
            assert isinstance(caught.value, InvalidArgumentError)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_options_that_are_not_set_pass(rules: OptionRules) -> None:
    """So do options that are set to their defaults."""
    check_options(None, rules)
    check_options(pulumi.ResourceOptions(protect=False, aliases=[], depends_on=[]), rules)


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("opts", [{"parent": None}, "parent", pulumi.InvokeOptions()])
def test_options_of_another_kind_are_refused(rules: OptionRules, opts: object) -> None:
    """A dictionary, for example, or invoke options in place of resource options."""
    if isinstance(opts, rules.types):
        return
    with pytest.raises(InvalidArgumentError, match=r"^opts must be pulumi\.ResourceOptions.*, not "):
        check_options(opts, rules)


def test_a_parent_that_is_no_resource_is_named() -> None:
    """The SDK's own message names neither the option nor the value."""
    with pytest.raises(InvalidArgumentError, match=r"^opts\.parent cannot be 'a job'"):
        check_options(pulumi.ResourceOptions(parent="a job"), NATIVE_GATE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (pulumi.CustomTimeouts(create="1h30m", update="1.5h", delete="5m"), {"create": 5400.0, "update": 5400.0}),
        ({"create": "250ms"}, {"create": 0.25}),
        (pulumi.CustomTimeouts(create="90s"), {"create": 90.0}),
        (pulumi.CustomTimeouts(delete="5m"), {}),
        (pulumi.CustomTimeouts(create="soon", update="1h soon"), {}),
        (pulumi.CustomTimeouts(create="0s"), {}),
        (None, {}),
    ],
)
def test_custom_timeouts_are_read_as_the_engine_reads_them(value: Any, seconds: dict[str, float]) -> None:
    """As durations in Go's format; the engine itself refuses any other text."""
    assert custom_timeouts(pulumi.ResourceOptions(custom_timeouts=value)) == seconds
    assert custom_timeouts(None) == {}


def test_secret_fields_are_taken_out_of_the_options() -> None:
    """The engine gets the output that carries them, the program's options are unchanged, and a typo is named."""
    original = pulumi.ResourceOptions(additional_secret_outputs=["description", "appid"], protect=True)
    opts, secret = take_secret_fields(original, ["description", "status"], ["appid"], "result")
    assert opts is not None
    assert opts.protect
    assert opts.additional_secret_outputs == ["appid", "result"]
    assert secret == {"description"}
    assert original.additional_secret_outputs == ["description", "appid"]
    everything = pulumi.ResourceOptions(additional_secret_outputs=["result"])
    assert take_secret_fields(everything, ["description", "status"], [], "result")[1] == {"description", "status"}
    misspelt = pulumi.ResourceOptions(additional_secret_outputs=["descripton"])
    with pytest.raises(InvalidArgumentError, match=r"cannot name 'descripton'\. The outputs are description, result\."):
        take_secret_fields(misspelt, ["description"], [], "result")


# ------------------------------------------------------------------------------------------------------ on the engine


@pytest.fixture
def service() -> Iterator[CosBatchEmulator]:
    """An emulator with a completed job, and one that never ends."""
    with CosBatchEmulator() as emulator:
        emulator.create_job("completes", job_id="done", seconds=0)
        emulator.create_job("never-ends", job_id="endless")
        emulator.clock.advance(60)
        yield emulator


@pytest.fixture
def stack(tmp_path: Path, service: CosBatchEmulator) -> Stack:
    """Return a stack with the plugin and without a program."""
    (tmp_path / "plugin").mkdir()
    write_launcher(tmp_path / "plugin")
    return Stack(tmp_path / "stack", "", service.environment(), plugin=tmp_path / "plugin")


PROGRAM = """
import pulumi
from pulumi import CustomTimeouts, ResourceOptions
from pulumi_cosjob{native} import AllJobsCompletion, JobCompletion, get_job, get_jobs, list_jobs
{statements}
"""


@pytest.mark.engine
@pytest.mark.parametrize("native", ["", ".native"])
def test_custom_timeouts_end_a_wait(stack: Stack, native: str) -> None:
    """`create` for a new gate, `update` for jobs that are added; `timeout` takes precedence over both."""

    def program(job_ids: list[str], arguments: str = "") -> str:
        timeouts = "opts=ResourceOptions(custom_timeouts=CustomTimeouts(create='2s', update='3s'))"
        gate = f"AllJobsCompletion('gate', job_ids={job_ids}, appid='1250000000', {timeouts}{arguments})"
        return PROGRAM.format(native=native, statements=gate)

    stack.write(program(["endless"]))
    assert "the job was not complete within 2 s" in stack.up().failed().diagnostics()
    stack.write(program(["done"]))
    stack.up().ok()
    stack.write(program(["done", "endless"]))
    assert "the job was not complete within 3 s" in stack.up().failed().diagnostics()
    stack.write(program(["done", "endless"], ", timeout='1s'"))
    assert "the job was not complete within 1 s" in stack.up().failed().diagnostics()


@pytest.mark.engine
@pytest.mark.parametrize("native", ["", ".native"])
def test_additional_secret_outputs_work_by_field(stack: Stack, native: str) -> None:
    """The named fields are secret in the program and in the state; the others are not."""
    secret = "opts=ResourceOptions(additional_secret_outputs=['description', 'report'])"
    stack.write(
        PROGRAM.format(
            native=native,
            statements=f"""
gate = JobCompletion("gate", job_id="done", appid="1250000000", {secret})
pulumi.export("gate", [gate.description, gate.report.bucket, gate.status, gate.appid])
"""
            + ("" if native else f'pulumi.export("read", get_job("done", "1250000000", {secret}).description)'),
        )
    )
    stack.preview().ok()
    stack.up().ok()
    outputs = stack.outputs()
    assert outputs["gate"] == ["[secret]", "[secret]", "Complete", "1250000000"]
    assert outputs.get("read", "[secret]") == "[secret]"
    secrets = json.loads(stack.run("stack", "output", "--json", "--show-secrets").ok().text)["gate"][:2]
    assert all(secrets)
    resources = json.dumps([each.get("outputs") for each in stack.resources() if "cosjob" in each["type"]])
    assert not [each for each in secrets if each in resources]


@pytest.mark.engine
@pytest.mark.parametrize("native", ["", ".native"])
def test_the_engine_applies_its_options(stack: Stack, service: CosBatchEmulator, native: str) -> None:
    """`ignore_changes` takes the names of Python; `replace_on_changes` works with the plugin only."""

    def program(timeout: str, option: str) -> str:
        gate = f"JobCompletion('gate', job_id='done', appid='1250000000', timeout='{timeout}', opts={option})"
        return PROGRAM.format(native=native, statements=gate)

    stack.write(program("1h", "None"))
    stack.up().ok()
    sent = len(service.requests)
    stack.write(program("2h", "ResourceOptions(ignore_changes=['timeout'])"))
    stack.up("--expect-no-changes").ok()
    assert len(service.requests) == sent
    stack.write(program("2h", "ResourceOptions(replace_on_changes=['timeout'])"))
    if native:
        assert "1 replaced" in stack.up().ok().text
        assert len(service.requests) > sent
    else:
        assert (
            "opts.replace_on_changes has no effect on this gate. The engine does" in stack.up().failed().diagnostics()
        )


@pytest.mark.engine
def test_an_option_without_effect_is_refused_in_one_sentence(stack: Stack) -> None:
    """In a preview, without a traceback; so is a job of a function as a parent."""
    for native, statement, expected in (
        (
            "",
            "get_job('done', '1', opts=ResourceOptions(protect=True))",
            "error: opts.protect has no effect on get_job",
        ),
        (
            "",
            "list_jobs(opts=ResourceOptions(id='x'))",
            "error: opts.id has no effect on get_job, get_jobs and list_jobs. Name jobs by job_id or job_ids.",
        ),
        ("", "JobCompletion('g', job_id='done', appid='1', opts=pulumi.InvokeOptions())", "error: opts must be"),
        ("", "JobCompletion('g', job_id='done', appid='1', opts=ResourceOptions(import_='x'))", "A gate cannot be"),
        (".native", "JobCompletion('g', job_id='done', appid='1', opts=ResourceOptions(id='x'))", "A gate cannot be"),
        (".native", "get_job('done', '1', opts=ResourceOptions(protect=True))", "error: opts.protect has no effect"),
        (".native", "list_jobs(opts=ResourceOptions(protect=True))", "error: opts.protect has no effect"),
        (
            ".native",
            "JobCompletion('g', job_id='a', appid='1', opts=ResourceOptions(parent=get_job('done', '1250000000')))",
            "error: opts.parent cannot be <a job that was read by a function",
        ),
    ):
        stack.write(PROGRAM.format(native=native, statements=statement))
        message = stack.preview().failed().diagnostics()
        assert expected in message
        assert "Traceback" not in message
