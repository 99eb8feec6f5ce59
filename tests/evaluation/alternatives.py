"""Other projects' programs, run in the environment that `make test-alternatives` makes."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PYTHON = os.environ.get("TONGCHUAN_ALTERNATIVES", "")
"""The interpreter of that environment."""

_READY_S = 300.0  # weights are loaded, on a busy machine
_STOP_S = 20.0
_TOOL_S = 120.0
_OFFLINE = {"HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with simulstream and WhisperLiveKit."""

    python: Path

    def run(self, *arguments: str, folder: Path, path: Path) -> str:
        """What `python ARGUMENTS`, run in `folder` with `path` for imports, writes on stdout."""
        done = subprocess.run(
            [self.python, *arguments],
            cwd=folder,
            env={**os.environ, **_OFFLINE, "PYTHONPATH": str(path)},
            capture_output=True,
            text=True,
            timeout=_TOOL_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    @asynccontextmanager
    async def serving(
        self, *arguments: str, port: int, folder: Path, path: Path | None = None
    ) -> AsyncIterator[str]:
        """`python ARGUMENTS` while it listens at `port`: its address. Its log is `folder`/log."""
        log = folder / "log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                self.python,
                *arguments,
                cwd=folder,
                env={**os.environ, **_OFFLINE, "PYTHONPATH": str(path or "")},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        try:
            async with asyncio.timeout(_READY_S):
                while not await _listens(port):
                    assert process.returncode is None, log.read_text(errors="replace")[-3000:]
                    await asyncio.sleep(0.2)
            yield f"ws://127.0.0.1:{port}"
        finally:
            await _stop(process)


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
