"""What all reads of the dynamic variant share: their names, and when they are sent."""

from __future__ import annotations

import collections
import weakref
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_cosjob._program.arguments import is_plain, known_after
from pulumi_cosjob._program.options import DYNAMIC_READ, check_options

__all__ = ["read_options", "unused_name"]


_used_names: weakref.WeakKeyDictionary[Any, tuple[Any, collections.Counter[str]]] = weakref.WeakKeyDictionary()
_used_without_stack: collections.Counter[str] = collections.Counter()


def unused_name(name: str) -> str:
    """Return a resource name that this run of the program has not used yet: the second one ends in -2."""
    used = _names_of_this_run()
    used[name] += 1
    return name if used[name] == 1 else f"{name}-{used[name]}"


def _names_of_this_run() -> collections.Counter[str]:
    """Return how often each name was used.

    Each program and each `pulumi.runtime.set_mocks` has its own manager of requests. `pulumi.runtime.test` keeps the
    manager and the stack from one test to the next, but gives the manager a new list of requests.
    """
    manager: Any = pulumi.runtime.settings.SETTINGS.rpc_manager
    if pulumi.runtime.get_root_resource() is None or manager is None:
        return _used_without_stack
    requests = getattr(manager, "rpcs", None)
    if manager not in _used_names or _used_names[manager][0] is not requests:
        _used_names[manager] = requests, collections.Counter()
    return _used_names[manager][1]


def read_options(
    resource_name: str,
    props: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None,
    id_: pulumi.Input[str] | None = None,
) -> pulumi.ResourceOptions:
    """Return the options that delay the read of a resource until its inputs are known and its dependencies exist.

    Until then a preview reads nothing, and the outputs are not known.

    Args:
        resource_name: The resource's name. It is also its id if `id_` is absent or secret: an id is never secret.
        props: The inputs of the read.
        opts: The options of the program.
        id_: The resource's id.
    """
    check_options(opts, DYNAMIC_READ)
    depends_on = getattr(opts, "depends_on", None)
    if id_ is not None and not depends_on and is_plain([id_, *props.values()]):
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
    identity = pulumi.Output.from_input(id_)
    known: pulumi.Output[Any] = pulumi.Output.all(known_after(depends_on), identity, *props.values())

    async def make(values: list[Any]) -> str:
        return values[1] if values[1] and not await identity.is_secret() else resource_name

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=pulumi.Output.unsecret(known.apply(make))))
