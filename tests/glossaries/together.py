"""Several processes that open one database at the same moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def start_together(url: str, count: int) -> list[str]:
    """Each creates a glossary; what they say on standard error."""
    command = [sys.executable, "-m", "tests.glossaries.starting", url]
    running = [
        subprocess.Popen([*command, f"of {i}"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for i in range(count)
    ]
    return [process.communicate(timeout=PATIENCE_S)[1] for process in running]
