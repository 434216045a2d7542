"""Parts of responses of the protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_cosjob._plugin.inputs import secret_outputs
from pulumi_cosjob._plugin.properties import Properties, to_struct
from pulumi_cosjob._plugin.protocol import provider_pb2

if TYPE_CHECKING:
    from pulumi_cosjob._program.secret_texts import SecretTexts

__all__ = ["check_failure", "diff_response", "invoke_response", "name_failures"]


def check_failure(name: str, reason: str, secret: Collection[str] = ()) -> Any:
    """Return a failure about a property.

    Args:
        name: Of the property.
        reason: What is wrong with it; names it too.
        secret: Properties that are secret. The engine shows the value of a property that a failure names.
    """
    return provider_pb2.CheckFailure(property="" if name in secret else name, reason=reason)


def name_failures(properties: Properties, names: Collection[str], required: Collection[str]) -> list[Any]:
    """Return a failure for each property of an unknown name, and for each one that is required and missing."""
    values, listed = properties.values, ", ".join(names)
    unknown = [name for name in values if name not in names and not name.startswith("__")]
    missing = [name for name in required if values.get(name) is None]
    failures = [
        check_failure(name, f"there is no input {name}; there are {listed}", properties.secret) for name in unknown
    ]
    return [*failures, *(check_failure(name, f"{name} is missing") for name in missing)]


def diff_response(changed: Sequence[str], replacing: Collection[str]) -> Any:
    """Return what has changed, and which of the changes replace the resource."""
    kinds, response = provider_pb2.PropertyDiff, provider_pb2.DiffResponse
    detailed = {
        name: kinds(kind=kinds.UPDATE_REPLACE if name in replacing else kinds.UPDATE, inputDiff=True)
        for name in changed
    }
    return response(
        changes=response.DIFF_SOME if changed else response.DIFF_NONE,
        diffs=changed,
        replaces=replacing,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def invoke_response(outputs: Mapping[str, Any], secrets: SecretTexts) -> Any:
    """Return the outputs of a function. Those that contain a secret are secret."""
    response = provider_pb2.InvokeResponse()
    to_struct(Properties(outputs, frozenset(secret_outputs(outputs, secrets))), getattr(response, "return"))
    return response
