"""The command line as a process: pipes, terminals, Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tongchuan.sounds import encoded, tone, write

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(Path(__file__).with_name("fake_models.py"))]
PATIENCE_S = 30.0


def run(*words: str, plan: str = "plain", **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [*PROGRAM, plan, *words],
        env=environment,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        **options,
    )


@contextlib.contextmanager
def started(*words: str, plan: str = "plain", **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "60"}
    process = subprocess.Popen([*PROGRAM, plan, *words], env=environment, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """What comes out of it, up to `wanted`; fails when that never comes."""
    got = b""
    while wanted not in got:
        ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
        assert ready, f"waited for {wanted!r}, got {got!r}"
        data = os.read(descriptor, 4096)
        assert data, f"ended before {wanted!r}: {got!r}"
        got += data
    return got


WAV = encoded(tone(0.5), format="WAV", subtype="PCM_16")
CAPTIONS = b"chunk 1 of sound.\nchunk 2 of sound.\nchunk 3 of sound.\n"


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (WAV, []),
        (encoded(tone(0.5), format="FLAC"), []),
        (encoded(tone(0.5), format="OGG"), []),
        (
            encoded(tone(0.5, 8000), 8000, format="RAW", subtype="ULAW"),
            ["--raw-encoding", "mulaw", "--rate", "8000"],
        ),
    ],
)
def test_standard_input(data: bytes, options: list[str]) -> None:
    done = run("translate", "-", *options, input=data)
    assert (done.returncode, done.stdout) == (0, CAPTIONS), done.stderr


def test_a_file_as_standard_input(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(0.5))
    with open(path, "rb") as file:
        done = run("translate", "-", stdin=file)
    assert (done.returncode, done.stdout) == (0, CAPTIONS), done.stderr


def test_nothing_on_standard_input() -> None:
    done = run("translate", "-", input=b"")
    assert done.returncode == 1
    assert done.stderr == b"tongchuan: standard input is empty\n"


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(20.0))
    reading, writing = os.pipe()
    with started("translate", str(path), stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        read_until(reading, b"chunk 1")
        os.close(reading)
        _out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert b"standard output was closed" in errors
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


def test_ctrl_c_commits_what_was_heard(tmp_path: Path) -> None:
    srt = tmp_path / "a.srt"
    words = ("translate", "-", "--srt", str(srt))
    with started(
        *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(encoded(tone(0.5), format="WAV", subtype="PCM_16")[:-3200])
        process.stdin.flush()  # and the pipe stays open: the microphone is still on
        read_until(process.stdout.fileno(), b"chunk 2 of sound.\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr
        errors = process.stderr.read()
    assert b"finishing what was heard" in errors
    assert b"Traceback" not in errors
    assert "chunk 2 of sound." in srt.read_text()


def test_a_second_ctrl_c_gives_up(tmp_path: Path) -> None:
    path, srt = write(tmp_path / "a.wav", tone(20.0)), tmp_path / "a.srt"
    srt.write_text("old")
    words = ("translate", str(path), "--srt", str(srt))
    with started(*words, plan="stuck", stderr=subprocess.PIPE) as process:
        assert process.stderr
        read_until(process.stderr.fileno(), b"loading")
        got = b""
        while b"finishing" not in got:  # until it listens, the first one already gives up
            process.send_signal(signal.SIGINT)
            ready, _, _ = select.select([process.stderr], [], [], 0.5)
            got += os.read(process.stderr.fileno(), 4096) if ready else b""
            if process.poll() is not None:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        errors = got + process.stderr.read()
    assert b"Traceback" not in errors
    assert srt.read_text() == "old"


def test_captions_grow_on_a_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.5))
    leader, follower = pty.openpty()
    with started("translate", str(path), "--realtime", stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = read_until(leader, b"chunk 3 of sound.")
        assert process.wait(PATIENCE_S) == 0
    os.close(leader)
    assert b"\x1b[" in shown
    assert b"0:00 / 0:00" in shown
    assert shown.index(b"chunk 1 of sound.") < shown.index(b"chunk 2 of sound.")


def test_the_installed_entry_point_is_this_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tongchuan", "--version"],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout.startswith(b"tongchuan ")
