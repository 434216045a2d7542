"""Resource options: each takes effect, or is refused in a sentence that names it. None is ignored silently.

The engine or this package applies an option. An option that a later SDK adds reaches the engine if a resource is
registered, and is refused if a resource is read or a function is called.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from pulumi_cosjob._errors import InvalidArgumentError
from pulumi_cosjob._records import Record
from pulumi_cosjob._text import format_value

__all__ = [
    "DYNAMIC_GATE",
    "DYNAMIC_READ",
    "NATIVE_FUNCTION",
    "NATIVE_GATE",
    "InvalidProgramArgumentError",
    "OptionRules",
    "check_options",
    "custom_timeouts",
    "take_secret_fields",
]


class InvalidProgramArgumentError(InvalidArgumentError, pulumi.RunError):
    """An argument in the program is malformed; Pulumi shows the message and no traceback."""


class OptionRules(Record):
    """How a kind of resource or function treats options.

    Attributes:
        name: What messages call the resource or function.
        types: The classes of options that it accepts.
        honoured: Names of the options that take effect; None for all that are not in `refused`.
        refused: Reasons why options are refused, by name.
    """

    name: str
    types: tuple[type, ...]
    honoured: frozenset[str] | None
    refused: Mapping[str, str]


_NO_LOOKUP = "A gate cannot be imported or looked up: declare it, and it opens at once where its job is complete"
_NO_PROVIDER = "A dynamic resource takes no provider: import the same name from pulumi_cosjob.native"
_NOT_DYNAMIC = "The engine does not pass it to a dynamic provider: import the same name from pulumi_cosjob.native"
_LOOKUP = dict.fromkeys(("id", "import_", "urn"), _NO_LOOKUP)
_NOT_OWNED = "The job is read, not owned: the option has nothing to act on"
_NOT_A_RESOURCE = "The function leaves no resource in the stack"
_ONLY_PROVIDERS = "It is for provider resources"

DYNAMIC_GATE = OptionRules(
    "this gate",
    (pulumi.ResourceOptions,),
    None,
    {
        **_LOOKUP,
        **dict.fromkeys(("provider", "providers", "version", "plugin_download_url"), _NO_PROVIDER),
        "replace_on_changes": _NOT_DYNAMIC,
        "env_var_mappings": _ONLY_PROVIDERS,
    },
)
DYNAMIC_READ = OptionRules(
    "get_job, get_jobs and list_jobs",
    (pulumi.ResourceOptions,),
    frozenset(("parent", "depends_on", "additional_secret_outputs", "transformations")),
    {
        **dict.fromkeys(("id", "import_", "urn"), "Name jobs by job_id or job_ids"),
        **dict.fromkeys(("provider", "providers", "version", "plugin_download_url"), _NO_PROVIDER),
        "custom_timeouts": "Set cosjob:requestTimeout in the configuration instead",
    },
)
NATIVE_GATE = OptionRules(
    "this gate", (pulumi.ResourceOptions,), None, {**_LOOKUP, "env_var_mappings": _ONLY_PROVIDERS}
)
NATIVE_FUNCTION = OptionRules(
    "get_job, get_jobs and list_jobs",
    (pulumi.ResourceOptions, pulumi.InvokeOptions, pulumi.InvokeOutputOptions),
    frozenset(("parent", "depends_on", "provider", "version", "plugin_download_url")),
    {"custom_timeouts": "Set request_timeout of the provider instead"},
)


def check_options(opts: Any, rules: OptionRules) -> None:
    """Refuse options that would have no effect.

    Raises:
        InvalidArgumentError: An option would have no effect, or `opts` is of another class; the error names it.
    """
    if opts is None:
        return
    if not isinstance(opts, rules.types):
        accepted = " or ".join(f"pulumi.{each.__name__}" for each in rules.types)
        raise InvalidProgramArgumentError("opts", f"must be {accepted}, not {type(opts).__name__}")
    default_reason = _NOT_A_RESOURCE if rules is NATIVE_FUNCTION else _NOT_OWNED
    for name, value in vars(opts).items():
        if name.startswith("_") or not _is_set(value):
            continue
        if name in rules.refused or (rules.honoured is not None and name not in rules.honoured):
            reason = rules.refused.get(name, default_reason)
            raise InvalidProgramArgumentError(f"opts.{name}", f"has no effect on {rules.name}", hint=f"{reason}.")
    parent = getattr(opts, "parent", None)
    if parent is not None and not isinstance(parent, pulumi.Resource):
        raise InvalidProgramArgumentError("opts.parent", f"cannot be {parent!r}")


def _is_set(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or (value is not None and value is not False and value not in ("", [], {}))


# ------------------------------------------------------------------------------------- options that this package reads

# The engine reads these options in Go's format of durations: "1h30m", "1.5h", "250ms".
_DURATION = re.compile(r"([0-9]*\.?[0-9]+)(h|ms|m|s|us|µs|ns)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def custom_timeouts(opts: pulumi.ResourceOptions | None) -> dict[str, float]:
    """Return the custom timeouts of waits, in seconds: `create`, and `update` for jobs that are added later.

    Malformed values are left out: the engine refuses them before it calls the provider.
    """
    timeouts: Any = getattr(opts, "custom_timeouts", None) or {}
    values = timeouts if isinstance(timeouts, Mapping) else vars(timeouts)
    return {name: seconds for name in ("create", "update") if (seconds := _seconds(values.get(name)))}


def _seconds(duration: Any) -> float:
    text = duration if isinstance(duration, str) else ""
    if _DURATION.sub("", text):
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text))


def take_secret_fields(
    opts: pulumi.ResourceOptions | None, fields: Collection[str], inputs: Collection[str], carrier: str
) -> tuple[pulumi.ResourceOptions | None, frozenset[str]]:
    """Apply `additional_secret_outputs` to a resource that carries all fields of a job in one output.

    Args:
        opts: The options of the program.
        fields: Names of the fields.
        inputs: Names of the inputs, which the engine marks itself.
        carrier: Name of the output that carries the fields. It is secret in the state if one of them is.

    Returns:
        The options for the SDK, and the names of the secret fields.

    Raises:
        InvalidArgumentError: The option names an output that does not exist.
    """
    named = list(getattr(opts, "additional_secret_outputs", None) or ())
    if opts is None or not named:
        return opts, frozenset()
    outputs = sorted({*fields, *inputs, carrier})
    for name in named:
        if name not in outputs:
            hint = f"The outputs are {', '.join(outputs)}."
            raise InvalidProgramArgumentError(
                "opts.additional_secret_outputs", f"cannot name {format_value(name)}", hint=hint
            )
    secret = frozenset(fields if carrier in named else named) & frozenset(fields)
    # A copy, because the options are the program's. `merge` alone would append to the list.
    merged = pulumi.ResourceOptions.merge(opts, None)
    merged.additional_secret_outputs = sorted({carrier, *(name for name in named if name in inputs)})
    return merged, secret
