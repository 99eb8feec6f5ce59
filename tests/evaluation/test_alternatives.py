"""Tests of other projects' programs run when they are asked for, and are then never skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ONE = "tests/evaluation/test_exports_alternatives.py"


def pytest(*words: str, **env: str) -> tuple[int, str]:
    """Run it here; its exit code and output."""
    kept = {name: value for name, value in os.environ.items() if name != "TONGCHUAN_ALTERNATIVES"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ONE, *words],
        cwd=ROOT,
        env={**kept, **env},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout


def test_they_are_left_out() -> None:
    code, output = pytest("-m", "not real")
    assert code == 5  # pytest's word for no tests
    assert "6 deselected" in output


def test_without_their_environment_they_fail() -> None:
    code, output = pytest("-m", "alternatives", "-k", "1-en", TONGCHUAN_ALTERNATIVES="/nowhere")
    assert code == 1
    assert "TONGCHUAN_ALTERNATIVES names no interpreter (/nowhere)" in output
    assert "make test-alternatives" in output
    assert "skipped" not in output
