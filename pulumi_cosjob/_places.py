"""Where settings are read from: one table, for the lookup of values and for the messages about missing ones."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_cosjob._records import Record

__all__ = ["CREDENTIALS", "CREDENTIALS_FILES", "NAMESPACES", "PLACES", "Places"]

NAMESPACES = ("cosjob", "tencentcloud")
"""Namespaces of the stack's configuration, in the order in which they are read."""


class Places(Record):
    """Where a setting is read from after the argument of its name, nearest first.

    Attributes:
        config: Full keys of the stack's configuration, such as `cosjob:uin`.
        environment: Environment variables.
    """

    config: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


PLACES: Mapping[str, Places] = {
    "uin": Places(("cosjob:uin",), ("COSJOB_UIN",)),
    "appid": Places(("cosjob:appid",), ("COSJOB_APPID",)),
    "region": Places(("cosjob:region", "tencentcloud:region"), ("TENCENTCLOUD_REGION",)),
    "endpoint": Places(("cosjob:endpoint",), ("COSJOB_ENDPOINT",)),
    "site": Places(("cosjob:site",), ("COSJOB_SITE",)),
    "validation": Places(("cosjob:validation",), ("COSJOB_VALIDATION",)),
    "request_timeout": Places(("cosjob:requestTimeout",), ("COSJOB_REQUEST_TIMEOUT",)),
}
"""The settings by name, without the credentials."""

CREDENTIALS = (
    ("argument", ("secret_id", "secret_key", "token")),
    ("config", ("cosjob:secretId", "cosjob:secretKey", "cosjob:token")),
    ("config", ("tencentcloud:secretId", "tencentcloud:secretKey", "tencentcloud:securityToken")),
    (
        "environment",
        # The last is tccli's name, for where the vendor's own is not set.
        ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"),
    ),
)
"""The places of credentials, nearest first. All parts come from one place: halves of different accounts never meet."""

CREDENTIALS_FILES = ("~/.tencentcloud/credentials", "/etc/tencentcloud/credentials")
"""The vendor's own files of credentials, read after all other places."""
