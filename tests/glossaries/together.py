"""Several processes that open one database at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def start_together(url: str, count: int) -> list[str]:
    """Each creates a glossary; what they say on standard error."""
    command = [sys.executable, "-m", "tests.glossaries.starting", url]
    # asyncio's debug mode, in which tests run, would tell of slow steps there.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
    running = [
        subprocess.Popen(
            [*command, f"of {i}"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
        )
        for i in range(count)
    ]
    return [process.communicate(timeout=PATIENCE_S)[1] for process in running]
