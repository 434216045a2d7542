"""Properties as the engine's protocol writes them, with marks for secrets and for values that are not known yet.

The Pulumi SDK's own PropertyValue is part of an experimental API. It validates each value by itself, which takes longer
than everything else that is done with the seventy values of a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from pulumi_cosjob._records import Record
from pulumi_cosjob._waiting.gate import UNKNOWN

__all__ = ["Properties", "copy_struct", "from_struct", "to_struct"]


# The protocol's own: sdk/go/common/resource/sig, and the "Unknown…Value" constants of plugin/rpc.go, for each type.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  what marks a secret is none
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN = {
    _UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
}


class Properties(Record):
    """Properties by their names in the protocol.

    Attributes:
        values: Plain values; UNKNOWN, also inside of lists, where one is not known yet.
        secret: Names of properties that are secret, or contain a secret.
    """

    values: Mapping[str, Any]
    secret: frozenset[str] = frozenset()


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read properties."""
    values, secret = {}, set()
    for name, value in struct.fields.items():
        found: list[str] = []
        values[name] = _read(value, found)
        if found:
            secret.add(name)
    return Properties(values, frozenset(secret))


def _read(value: struct_pb2.Value, secrets: list[str]) -> Any:
    """Return a plain value; append to the list for each secret in it."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
        if signature == _SECRET:
            secrets.append(signature)
            return _read(fields["value"], secrets)
        if signature == _OUTPUT:
            if fields["secret"].bool_value if "secret" in fields else False:
                secrets.append(signature)
            return _read(fields["value"], secrets) if "value" in fields else UNKNOWN
        return {name: _read(child, secrets) for name, child in fields.items()}
    if kind == "list_value":
        return [_read(child, secrets) for child in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN else value.string_value
    return None if kind == "null_value" or kind is None else getattr(value, kind)


def to_struct(properties: Properties, into: struct_pb2.Struct | None = None) -> struct_pb2.Struct:
    """Write properties, into a message if there is one: a copy of the many jobs of a gate takes long."""
    struct = struct_pb2.Struct() if into is None else into
    for name, value in properties.values.items():
        _write(struct.fields[name], value, secret=name in properties.secret)
    return struct


def copy_struct(struct: struct_pb2.Struct, into: struct_pb2.Struct) -> None:
    """Copy properties part by part: while many jobs are copied as a whole, no other thread can run."""
    for name, value in struct.fields.items():
        _copy(value, into.fields[name], depth=2)  # the jobs of a gate, be they secret or not


def _copy(value: struct_pb2.Value, into: struct_pb2.Value, depth: int) -> None:
    if not depth or value.WhichOneof("kind") != "struct_value":
        into.CopyFrom(value)
        return
    into.struct_value.SetInParent()
    for name, child in value.struct_value.fields.items():
        _copy(child, into.struct_value.fields[name], depth - 1)


def _write(into: struct_pb2.Value, value: Any, *, secret: bool = False) -> None:
    if secret:
        into.struct_value.fields[_SIGNATURE].string_value = _SECRET
        _write(into.struct_value.fields["value"], value)
    elif value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        into.string_value = _UNKNOWN_TEXT
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, (int, float)):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for name, child in value.items():
            _write(into.struct_value.fields[name], child)
    else:
        into.list_value.SetInParent()
        for child in value:
            _write(into.list_value.values.add(), child)
