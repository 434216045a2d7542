"""Settings from given sources only, and the places of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_cosjob._service.settings import Settings, resolve

__all__ = ["ACCOUNT", "PAIR", "PLACES", "SECRET", "UIN", "resolved"]

UIN = "100000000001"
PAIR = {"secret_id": "argument-id", "secret_key": "argument-key"}
ACCOUNT = {"uin": UIN, "region": "ap-chengdu"}
SECRET = "s3cr3t-that-must-not-be-shown"


def resolved(
    arguments: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Resolve settings from the given sources only."""
    return resolve(arguments or {}, config=(config or {}).get, environment=environment or {})


# For each setting: its places, the nearest first, the other settings that it needs, and its value in the settings.
PLACES: list[tuple[str, list[tuple[str, str]], dict[str, str], Callable[[str], str | float]]] = [
    (
        "uin",
        [("argument", "uin"), ("config", "cosjob:uin"), ("environment", "COSJOB_UIN")],
        {"region": "ap-chengdu"},
        lambda value: f"https://{value}.cos-control.ap-chengdu.myqcloud.com",
    ),
    (
        "region",
        [
            ("argument", "region"),
            ("config", "cosjob:region"),
            ("config", "tencentcloud:region"),
            ("environment", "TENCENTCLOUD_REGION"),
        ],
        {"uin": UIN},
        lambda value: f"https://{UIN}.cos-control.{value}.myqcloud.com",
    ),
    (
        "endpoint",
        [("argument", "endpoint"), ("config", "cosjob:endpoint"), ("environment", "COSJOB_ENDPOINT")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "appid",
        [("argument", "appid"), ("config", "cosjob:appid"), ("environment", "COSJOB_APPID")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "site",
        [("argument", "site"), ("config", "cosjob:site"), ("environment", "COSJOB_SITE")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "validation",
        [("argument", "validation"), ("config", "cosjob:validation"), ("environment", "COSJOB_VALIDATION")],
        ACCOUNT,
        lambda value: value,
    ),
    (
        "request_timeout",
        [
            ("argument", "request_timeout"),
            ("config", "cosjob:requestTimeout"),
            ("environment", "COSJOB_REQUEST_TIMEOUT"),
        ],
        ACCOUNT,
        float,
    ),
]
