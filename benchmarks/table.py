"""The rows of `make bench`: what each is called, what it is compared with, its target, and how it is measured.

A further row is one entry here, with a function that measures it.
"""

from __future__ import annotations

import gc
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import fresh_processes
import gate_measurements
import in_process
import whole_commands
from rows import MET, Measurement, Row, Sizes

if TYPE_CHECKING:
    from rig import Rig

__all__ = ["SPECS", "Spec", "measure"]

_IMPORT_MS, _OWN_SHARE_MS, _STALL_MS = 10, 60, 200
_GATES_MB, _GATES_THREADS = 100, 40


@dataclass(frozen=True)
class Spec:
    """A row that can be measured.

    Attributes:
        name: Its name on the command line.
        what: What is measured; names of `Sizes` in braces are their values.
        compared_with: The floor.
        unit: As in `Row`.
        target: The largest accepted median ratio; None if the row is printed for the record.
        pairs: How many pairs are measured; more where the row does not meet its target.
        prepare: Sets up what the row needs, and returns how it is measured.
        further: How many times as many pairs again are measured then, at most.
    """

    name: str
    what: str
    compared_with: str
    unit: str
    target: float | None
    pairs: int
    prepare: Callable[[Rig], Measurement]
    further: int = 2


_DECODE = "validate and decode a full response"
_UNRECOGNISED = "decode a response that is not recognised"
_STALL = "longest stall by a gate for {jobs_of_a_gate:,} jobs"
_STALL_LIMIT = f"the {_STALL_MS} ms within which Ctrl-C is to be heard"

SPECS: Sequence[Spec] = (
    Spec(
        "import",
        "from pulumi_cosjob import get_job, after import pulumi",
        f"the {_IMPORT_MS} ms that it may take",
        "ms",
        1.0,
        25,
        lambda rig: fresh_processes.importing(rig, _IMPORT_MS),
    ),
    Spec(
        "own-share",
        "a provider's own share before its first request",
        f"the {_OWN_SHARE_MS} ms that it may take",
        "ms",
        1.0,
        25,
        lambda rig: fresh_processes.own_share(rig, _OWN_SHARE_MS),
    ),
    Spec(
        "decode",
        _DECODE,
        "xml.etree, parsing alone",
        "ms",
        2.5,
        200,
        lambda rig: in_process.decoding(rig, "xml.etree"),
    ),
    Spec(
        "decode-xmlschema",
        _DECODE,
        "xmlschema's to_dict, with the schema loaded",
        "ms",
        1.0,
        100,
        lambda rig: in_process.decoding(rig, "xmlschema"),
    ),
    Spec(
        "decode-unrecognised-first",
        f"{_UNRECOGNISED}: the first",
        "xmlschema's first to_dict, its import and schema included",
        "ms",
        None,
        7,
        fresh_processes.first_unrecognised,
    ),
    Spec(
        "decode-unrecognised",
        f"{_UNRECOGNISED}: each later one",
        "xmlschema's to_dict, with the schema loaded",
        "ms",
        0.9,
        100,
        in_process.decoding_unrecognised,
    ),
    Spec(
        "fetching",
        "{jobs:,} jobs by get_jobs, in the provider",
        "16 bare threads with requests, nothing parsed",
        "s",
        1.3,
        11,
        in_process.fetching,
    ),
    Spec(
        "list",
        "list_jobs of {listed:,} jobs, 1,000 on a page",
        "the same requests bare, nothing parsed",
        "s",
        1.5,
        7,
        in_process.listing,
    ),
    Spec(
        "memory",
        "the provider's process after {reads:,} reads",
        "after {first_reads:,}",
        "MB",
        1.05,
        1,
        fresh_processes.memory,
    ),
    Spec(
        "describe",
        "cosjob describe",
        "python -c: import requests, the same request",
        "s",
        1.3,
        25,
        lambda rig: whole_commands.cosjob_with_a_request(rig, "describe"),
    ),
    Spec(
        "wait",
        "cosjob wait, for a job that has completed",
        "python -c: import requests, the same request",
        "s",
        1.3,
        25,
        lambda rig: whole_commands.cosjob_with_a_request(rig, "wait"),
    ),
    Spec(
        "help",
        "cosjob --help",
        "python -c: import requests",
        "s",
        0.6,
        25,
        lambda rig: whole_commands.cosjob_without(rig, "--help"),
    ),
    Spec(
        "preview-1",
        "preview with 1 get_job",
        "a dynamic read of a constant",
        "s",
        1.08,
        15,
        lambda rig: whole_commands.preview(rig, 1),
    ),
    Spec(
        "preview-1-native",
        "preview with 1 get_job of the native plugin",
        "a function of a native provider that returns a constant",
        "s",
        1.1,
        15,
        whole_commands.preview_native,
    ),
    Spec(
        "preview-200",
        "preview with {some} get_job",
        "{some} dynamic reads of constants",
        "s",
        1.08,
        9,
        lambda rig: whole_commands.preview(rig, rig.sizes.some),
    ),
    Spec(
        "preview-none",
        "preview with 1 get_job",
        "the same program without any read",
        "s",
        None,
        9,
        whole_commands.reads,
    ),
    Spec(
        "discovery",
        "preview with discovery of the account",
        "the same with an APPID",
        "s",
        1.1,
        9,
        whole_commands.discovery,
    ),
    Spec(
        "growth",
        "one more job in a preview by get_jobs, from {steps[3]:,} to {steps[4]:,} jobs",
        "one more from {steps[2]:,} to {steps[3]:,} jobs",
        "ms",
        1.2,
        5,
        whole_commands.growth,
        further=1,
    ),
    Spec("ups", "up with {jobs:,} jobs by get_jobs", "the same by get_job", "s", 0.1, 1, whole_commands.ups),
    Spec(
        "gates",
        "up with {jobs:,} JobCompletion of jobs that end after {seconds} s of work",
        "as many resources that sleep until then",
        "s",
        1.08,
        3,
        gate_measurements.together,
        further=1,
    ),
    Spec(
        "gates-memory",
        "memory of the plugin's process with those gates",
        f"the {_GATES_MB} MB that it may take",
        "MB",
        1.0,
        1,
        lambda rig: gate_measurements.memory(rig, _GATES_MB),
    ),
    Spec(
        "gates-threads",
        "threads of the plugin's process with those gates",
        f"the {_GATES_THREADS} threads that it may have",
        "",
        1.0,
        1,
        lambda rig: gate_measurements.threads(rig, _GATES_THREADS),
    ),
    Spec(
        "invoke",
        "up with {some} get_job of the native plugin",
        "{some} get_job of the dynamic provider",
        "s",
        None,
        2,
        gate_measurements.invoke,
    ),
    Spec(
        "invoke-state",
        "state of {some} get_job of the native plugin, exports included",
        "{some} get_job of the dynamic provider",
        "kB",
        None,
        1,
        gate_measurements.invoke_state,
    ),
    Spec(
        "stall",
        _STALL,
        _STALL_LIMIT,
        "ms",
        1.0,
        1,
        lambda rig: gate_measurements.stall(rig, _STALL_MS, "completes"),
    ),
    Spec(
        "stall-warnings",
        f"{_STALL}, a warning each",
        _STALL_LIMIT,
        "ms",
        1.0,
        1,
        lambda rig: gate_measurements.stall(rig, _STALL_MS, "waits-for-confirmation"),
    ),
)
"""All rows, in the order in which they are measured."""


def measure(spec: Spec, rig: Rig) -> Row:
    """Measure a row: again as often as it may be, if the first pairs do not meet the target.

    Args:
        spec: The row.
        rig: What it is measured on.
    """
    # What other rows have left in this process is not visited again by collections during this one.
    gc.collect()
    gc.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measurement = spec.prepare(rig)
        first = min(spec.pairs, rig.sizes.most_pairs)
        row = _row(spec, rig.sizes, [measurement.pair(number) for number in range(first)])
        if row.verdict not in (None, MET):
            numbers = range(first, first * (1 + min(spec.further, rig.sizes.further)))
            row = replace(row, pairs=[*row.pairs, *map(measurement.pair, numbers)])
        row = replace(row, note=measurement.note())
    if not math.isfinite(row.ratio):
        raise AssertionError(row)
    return row


def _row(spec: Spec, sizes: Sizes, pairs: Sequence[tuple[float, float]]) -> Row:
    what, compared_with = (text.format(**vars(sizes)) for text in (spec.what, spec.compared_with))
    return Row(spec.name, what, compared_with, spec.unit, pairs, spec.target)
