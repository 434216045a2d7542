"""What an installation has besides the package itself: its extras."""

from __future__ import annotations

import importlib.util

from pulumi_cosjob._errors import ConfigurationError

__all__ = ["check_pulumi_sdk", "needs_pulumi"]

_INSTALL = 'pip install "pulumi-cosjob[pulumi]"'
_OF_PULUMI = frozenset({"pulumi", "grpc", "google"})


def needs_pulumi(what: str, missing: ModuleNotFoundError) -> ImportError:
    """Return the error for something that was imported where the Pulumi SDK is not installed.

    Args:
        what: What was imported.
        missing: The error of Python, which is returned if it is about any other module.
    """
    if missing.name is None or missing.name.partition(".")[0] not in _OF_PULUMI:
        return missing
    return ImportError(f"{what} needs the Pulumi SDK; install it with: {_INSTALL}", name=missing.name)


def check_pulumi_sdk() -> None:
    """Check that the Pulumi SDK is installed.

    Raises:
        ConfigurationError: It is not.
    """
    if importlib.util.find_spec("pulumi") is None:
        raise ConfigurationError(
            "the plugin needs the Pulumi SDK in its Python environment", hint=f"Install it there: {_INSTALL}"
        )
