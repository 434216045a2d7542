"""Errors of this package reach users of dynamic providers as sentences, without a traceback.

For each exception of a provider, the SDK's process for dynamic providers (`pulumi.dynamic.__main__`) returns
`traceback.format_exc()`. The engine then shows 7 to 13 lines of code above every message, though the message of a
`CosJobError` has what failed, where, and what to do next. Older SDKs, such as 3.255, return the message only.

In that process the name `traceback` in `pulumi.dynamic.__main__` is overridden; the module itself is unchanged. A
`CosJobError` of any provider becomes its message, and every other exception its traceback, as before. Nothing is
overridden in the process of a program or a test.
"""

from __future__ import annotations

import sys
import traceback
from types import ModuleType
from typing import Any

from pulumi_cosjob._engine.watch import in_provider_process
from pulumi_cosjob._errors import CosJobError

__all__ = ["show_sentences"]


def show_sentences() -> None:
    """Show errors of this package as sentences, if this is the SDK's process for dynamic providers."""
    if not in_provider_process():
        return
    main = sys.modules["__main__"]
    if isinstance(getattr(main, "traceback", None), ModuleType):
        vars(main)["traceback"] = _Traceback()


class _Traceback:
    """Replaces the module `traceback`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def format_exc(self, *arguments: Any, **named: Any) -> str:
        error = sys.exc_info()[1]
        return str(error) if isinstance(error, CosJobError) else traceback.format_exc(*arguments, **named)
