"""A resource that stands for what you deploy: it remembers when it was released."""

from datetime import datetime, timezone
from typing import Any

import pulumi
import pulumi.dynamic


class _Releases(pulumi.dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> pulumi.dynamic.CreateResult:
        now = datetime.now(timezone.utc).isoformat()
        return pulumi.dynamic.CreateResult(props["version"], {"version": props["version"], "released_at": now})


class Release(pulumi.dynamic.Resource):
    """A release of a version."""

    version: pulumi.Output[str]
    released_at: pulumi.Output[str]

    def __init__(self, name: str, version: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(_Releases(), name, {"version": version, "released_at": None}, opts)
