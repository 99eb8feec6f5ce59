"""The entry point with a `tongchuan` that only says what it was asked."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker" / "entrypoint.sh"

FAKE = """#!/bin/sh
echo "$*"
case "$1" in
  models) [ "${FETCH:-}" = slow ] && exec sleep 60; exit "${FETCH:-0}" ;;
  serve) echo "process $$" ;;
esac
"""


def _start(folder: Path, fetch: str, *words: str) -> subprocess.Popen[str]:
    fake = folder / "tongchuan"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    env = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "TONGCHUAN_PROFILE": "embedded",
        "FETCH": fetch,
    }
    return subprocess.Popen(
        ["sh", SCRIPT, *words], env=env, stdout=subprocess.PIPE, text=True, preexec_fn=_as_in_front
    )


def _as_in_front() -> None:
    """A shell cannot trap what its parent ignores, and a job in the background ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_it_fetches_and_becomes_the_server(tmp_path: Path) -> None:
    process = _start(tmp_path, "0", "--max-sessions", "3")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert output.splitlines() == [
        "models fetch --profile embedded",
        "serve --max-sessions 3",
        f"process {process.pid}",
    ]


def test_it_does_not_serve_without_weights(tmp_path: Path) -> None:
    process = _start(tmp_path, "1")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "serve" not in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_fetching_stops(tmp_path: Path, number: signal.Signals) -> None:
    process = _start(tmp_path, "slow")
    assert process.stdout is not None
    assert process.stdout.readline() == "models fetch --profile embedded\n"
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "serve" not in output
