"""Shares out the tests among pytest's workers: the longest first, so that none of them runs alone at the end."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

__all__ = ["BY_FILE", "ONE_BY_ONE", "Scheduling"]

BY_FILE = ("service/test_faults", "dynamic/test_bad_luck", "program/test_live_progress")
"""The longest files of which one worker runs all tests: they share a fixture, or one test takes nearly all the time."""

ONE_BY_ONE = (
    "plugin/test_sdks",
    "plugin/test_first_use",
    "program/test_input_matrix",
    "project/test_examples",
    "plugin/test_yaml",
    "dynamic/test_gates",
    "plugin/test_native",
    "dynamic/test_functions",
    "dynamic/test_function_errors",
    "dynamic/test_unknown_values",
    "program/test_discovered_accounts",
    "project/test_demo",
    "program/test_options",
    "program/test_gates_and_reads",
    "program/test_job_lists",
    "dynamic/test_get_jobs",
    "project/test_tutorial",
    "project/test_readme",
    "project/test_how_to",
    "program/test_typing",
    "program/test_gate_notices",
)
"""Files of which any worker may run any test, with the longest tests first: most run the engine for several seconds."""

_ONE_BY_ONE = {f"tests/{name}.py" for name in ONE_BY_ONE}
_POSITIONS = {f"tests/{name}.py": position for position, name in enumerate((*BY_FILE, *ONE_BY_ONE))}
# Tests of these files that share a fixture which takes long, by a word in their names.
_TOGETHER = {
    "tests/plugin/test_sdks.py": {
        "typescript": "typescript",
        "_go": "go",
        "python": "python",
        "java": "sdkgen",
        "csharp": "sdkgen",
    },
    "tests/program/test_typing.py": {"[mypy": "mypy", "[pyright": "pyright"},
}


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Assigns units of tests: single tests of the files above, whole files of all others."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        if file not in _ONE_BY_ONE:
            return file
        return next((f"{file}::{group}" for word, group in _TOGETHER.get(file, {}).items() if word in name), nodeid)

    def _assign_work_unit(self, node: object) -> None:
        # xdist has sorted the queue by the number of tests, so that large files come first among all others.
        first = min(self.workqueue, key=lambda unit: _POSITIONS.get(unit.partition("::")[0], len(_POSITIONS)))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
