"""A server that does what a test tells it, written from the contract: for what ours never does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

Script = Callable[["Side"], Awaitable[None]]

STARTED: dict[str, Any] = {
    "type": "session.started",
    "session_id": "s1",
    "resume_token": "t",
    "protocol": 1,
    "profile": "scripted",
    "source": "zh",
    "target": "en",
    "limits": {"max_frame_bytes": 1000, "max_lag_ms": 8000},
}


class Side:
    """The server's side of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.seq = 0
        self.start: dict[str, Any] = {}
        self.frames: list[bytes] = []

    async def emit(self, kind: str, **fields: Any) -> None:
        """Send an event with the next number."""
        self.seq += 1
        event = {"type": kind, "seq": self.seq, "at_ms": self.seq * 10, **fields}
        await self.socket.send(json.dumps(event))

    async def accept(self, **changes: Any) -> None:
        """Read `session.start` and answer it."""
        self.start = json.loads(await self.socket.recv())
        await self.emit(**{"kind": "session.started", **_untyped(STARTED), **changes})

    async def message(self) -> dict[str, Any]:
        """The next text message; audio before it is kept."""
        while True:
            data = await self.socket.recv()
            if isinstance(data, bytes):
                self.frames.append(data)
            else:
                message: dict[str, Any] = json.loads(data)
                return message

    def stop_reading(self) -> None:
        """What is sent from now on stays in the socket's buffers."""
        self.socket.transport.pause_reading()

    async def ended(self) -> None:
        """Say goodbye."""
        await self.emit("session.ended", audio_ms=1, chunks=0, lag_ms={"p50": None, "p95": None})


def _untyped(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "type"}


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[str]:
    """The address of a server that runs `script` for every connection, then closes it."""

    async def handle(socket: ServerConnection) -> None:
        await script(Side(socket))

    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=2) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}"
