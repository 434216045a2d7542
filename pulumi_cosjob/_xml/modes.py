"""What to do with a response that violates the schema: the choices, without the validation itself, which loads more."""

from __future__ import annotations

from typing import Literal

__all__ = ["DEFAULT_VALIDATION", "VALIDATIONS", "Validation"]

Validation = Literal["strict", "lenient"]
VALIDATIONS: tuple[Validation, ...] = ("strict", "lenient")
DEFAULT_VALIDATION: Validation = "lenient"
