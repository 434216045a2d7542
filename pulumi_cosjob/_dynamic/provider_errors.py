"""Errors of this package reach users of dynamic providers as sentences, without a traceback.

The SDK's process for dynamic providers (`pulumi.dynamic.__main__`) answers each exception of a provider with
`traceback.format_exc()`, so that the engine shows 7 to 13 lines of code above every message. A `CosJobError` says by
itself what failed, where, and what to do next. Older SDKs, such as 3.255, answer with the message alone.

In that process the name `traceback` in `pulumi.dynamic.__main__` is overridden; the module of that name stays as it is
for all others. A `CosJobError` gives its sentence, whichever provider raises it, and every other exception what it gave
before. Nothing is overridden in a program's or a test's process.
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
    """Show errors of this package as sentences, where this is the SDK's process for dynamic providers."""
    if not in_provider_process():
        return
    main = sys.modules["__main__"]
    if isinstance(getattr(main, "traceback", None), ModuleType):
        vars(main)["traceback"] = _Traceback()


class _Traceback:
    """Stands for the module `traceback`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def format_exc(self, *arguments: Any, **named: Any) -> str:
        error = sys.exc_info()[1]
        return str(error) if isinstance(error, CosJobError) else traceback.format_exc(*arguments, **named)
