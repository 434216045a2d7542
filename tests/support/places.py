"""Folders of this repository."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["PYTHONPATH", "RESPONSES", "ROOT", "TESTS"]

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
RESPONSES = TESTS / "responses"
PYTHONPATH = os.pathsep.join(str(ROOT / folder) for folder in ("tests/support", "scripts", "benchmarks"))
"""The module path of the tests, for other processes."""
