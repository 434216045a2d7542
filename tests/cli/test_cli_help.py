"""What the command imports."""

from __future__ import annotations

import subprocess
import sys


def test_the_command_loads_quickly() -> None:
    """Help loads neither Pulumi nor the request layer nor the schema."""
    code = (
        "import sys; from pulumi_cosjob._cli.main import main; main(['-h'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert {"pulumi", "requests", "xmlschema", "rich", "yaml", "aiohttp"} & loaded == set()
    assert "describe" in done.stdout
