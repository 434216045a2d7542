"""Writes the page on the emulator: its control routes, scenarios and faults, from the tables that it works by."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from dataclasses import MISSING, fields

from aiohttp import web

from pulumi_cosjob._emulator.control import add_routes
from pulumi_cosjob._emulator.faults import KINDS, Fault
from pulumi_cosjob._emulator.request_log import RecordedRequest
from pulumi_cosjob._emulator.scenarios import DEFINITIONS, Phase, ScenarioDefinition
from pulumi_cosjob._emulator.service import Service
from pulumi_cosjob.testing import CosBatchEmulator
from reference_parts import NOTICE, code, section, table, text_of

__all__ = ["page"]

_HEAD = f"""# Emulator

{NOTICE}

The emulator of COS Batch for tests: its routes, scenarios and faults. [Testing](../testing.md#the-emulator) shows how
to use it, [the command line](command-line.md#cosjob-emulator) how to start it, and [its Python
classes](python-testing.md) how tests in Python control it.
"""


def _routes() -> Iterator[tuple[str, str]]:
    """Yield each control route with what the function behind it does."""
    application = web.Application()
    add_routes(application, Service(None))
    for route in application.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            perform = inspect.getclosurevars(route.handler).nonlocals["perform"]
            yield f"`{route.method} {route.resource.canonical}`", text_of(perform)


def _job_fields() -> Iterator[tuple[str, str, str]]:
    parameters = inspect.signature(CosBatchEmulator.create_job).parameters
    for name, meaning in section(CosBatchEmulator.create_job, "Args").items():
        default = parameters[name.strip("*")].default
        shown = "" if default in (None, inspect.Parameter.empty) else f"`{getattr(default, 'value', default)}`"
        yield ("any other name" if name.startswith("*") else code(name)), shown, meaning


def _length(phase: Phase) -> str:
    if phase.status == "Suspended":
        return "until it is confirmed"
    if phase.share is not None:
        return "`seconds`" if phase.share == 1 else f"{phase.share:.0%} of `seconds`"
    return "without end" if math.isinf(phase.seconds) else f"{phase.seconds:g} s"


def _phases(definition: ScenarioDefinition) -> str:
    return " → ".join(
        f"{phase.status} ({_length(phase)}{'' if phase.until is None else f', to {phase.until:.0%} of the tasks'})"
        for phase in definition.phases
    )


def _scenarios() -> Iterator[tuple[str, str, str, str]]:
    for scenario, definition in DEFINITIONS.items():
        failing = f"{definition.failing_percent} %" if definition.failing_percent else ""
        yield code(scenario.value), _phases(definition), failing, code(definition.operation)


def _fault_fields() -> Iterator[tuple[str, str, str]]:
    meanings = section(Fault, "Args")
    for each in fields(Fault):
        default = "" if each.default in (MISSING, None) else f"`{each.default!r}`".replace("'", "").replace('b"', '"')
        yield code(each.name), default if each.type != "bytes" else "a page of a proxy", meanings[each.name]


def _requests() -> Iterator[tuple[str, str]]:
    for name, meaning in section(RecordedRequest, "Args").items():
        yield code(name), meaning


def page() -> str:
    """Return the page."""
    kinds = text_of(Fault)
    assert all(f"`{kind}`" in kinds for kind in KINDS)  # noqa: S101  a test compares them too
    return "\n".join(
        [
            _HEAD,
            "## Control routes\n",
            "They take and return JSON, without signatures, and serve this machine only.\n",
            table(("route", "what it does"), _routes()),
            "### Fields of a job\n",
            "Of `POST /_emulator/jobs`, and of `create_job` in Python.\n",
            table(("field", "default", "meaning"), _job_fields()),
            "### Fields of a recorded request\n",
            table(("field", "meaning"), _requests()),
            "## Scenarios\n",
            "The states of a job, and how long it has each of them. `seconds` is that of the job.\n",
            table(("scenario", "states", "tasks that fail", "operation"), _scenarios()),
            "## Faults\n",
            f"{kinds}\n",
            "### Fields of a fault\n",
            table(("field", "default", "meaning"), _fault_fields()),
        ]
    )
