"""Stands in for pip, which the engine's host has list all packages before each program: half a second, and not ours."""

print("[]")  # noqa: T201  what `pip list --format json` prints where there are none
