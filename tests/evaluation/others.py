"""Servers of other projects, written from their wire formats, with faults to order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from evaluation.recordings import RATE, Recording, Segment

Handler = Callable[[ServerConnection], Awaitable[None]]
Answer = Any
"""To send: text and bytes as they are, the rest as JSON."""


def spoken(path: Path, seconds: float = 0.6, source: str = "zh") -> Recording:
    """Noise of that length in a FLAC file at `path`, with one reference."""
    noise = np.random.default_rng(0).integers(-900, 900, round(seconds * RATE), np.int16)
    soundfile.write(path, noise, RATE, subtype="PCM_16")
    target = "en" if source == "zh" else "zh"
    segment = Segment(0.0, seconds, "甲", "Alpha beta")
    return Recording(f"{source}-{path.stem}", path, seconds, source, target, (segment,))


@asynccontextmanager
async def at(
    handler: Handler, refuse: Callable[[ServerConnection, Request], Response | None] | None = None
) -> AsyncIterator[str]:
    """The address of a server that treats each client so."""
    async with serve(
        handler, "127.0.0.1", 0, process_request=refuse, close_timeout=0.2, ping_interval=None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


def forbidden(connection: ServerConnection, request: Request) -> Response:
    """What refuses every client before it is one."""
    return connection.respond(HTTPStatus.FORBIDDEN, "no\n")


async def put(connection: ServerConnection, answer: Answer) -> None:
    """Send it."""
    await connection.send(answer if isinstance(answer, (str, bytes)) else json.dumps(answer))


@dataclass
class Simulstream:
    """Answers one after another, each when `every_ms` more have come; the last ones at the end.

    heard: the audio that came. start: its metadata. after_ms: of audio when each answer was sent.
    """

    answers: Sequence[Answer] = ()
    every_ms: int = 120
    done: Answer = field(default_factory=lambda: {"end_of_processing": True})
    start: dict[str, Any] = field(default_factory=dict)
    heard: bytearray = field(default_factory=bytearray)
    after_ms: list[int] = field(default_factory=list)

    async def __call__(self, connection: ServerConnection) -> None:
        left = list(self.answers)
        buffered = 0
        async for frame in connection:
            if isinstance(frame, bytes):
                assert self.start
                self.heard += frame
                buffered += len(frame)
                if buffered >= self.every_ms * RATE * 2 // 1000 and len(left) > 1:
                    buffered = 0
                    self.after_ms.append(len(self.heard) * 1000 // RATE // 2)
                    await put(connection, left.pop(0))
            elif "end_of_stream" in frame:
                for answer in left:
                    await put(connection, answer)
                await put(connection, self.done)
            else:
                self.start = json.loads(frame)

    @property
    def samples(self) -> NDArray[np.int16]:
        """What it heard."""
        return np.frombuffer(bytes(self.heard), "<i2")


@dataclass
class WhisperLiveKit:
    """Sends `config`, a state each `every_ms` of audio, the rest after an empty frame, `done`."""

    states: Sequence[Answer] = ()
    every_ms: int = 120
    config: Answer = field(
        default_factory=lambda: {"type": "config", "useAudioWorklet": True, "mode": "full"}
    )
    done: Answer = field(default_factory=lambda: {"type": "ready_to_stop"})
    path: str = ""
    heard: bytearray = field(default_factory=bytearray)

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.path = connection.request.path
        await put(connection, self.config)
        left = list(self.states)
        buffered = 0
        async for frame in connection:
            assert isinstance(frame, bytes)
            self.heard += frame
            buffered += len(frame)
            if not frame:
                for state in left:
                    await put(connection, state)
                await put(connection, self.done)
            elif buffered >= self.every_ms * RATE * 2 // 1000 and len(left) > 1:
                buffered = 0
                await put(connection, left.pop(0))


async def hush(connection: ServerConnection) -> None:
    """Hear everything and say nothing."""
    async for _ in connection:
        pass


async def deaf(connection: ServerConnection) -> None:
    """Read nothing."""
    await connection.wait_closed()


async def vanish(connection: ServerConnection) -> None:
    """Die after the first audio."""
    await connection.recv()
    await connection.recv()
    connection.transport.abort()
    await asyncio.sleep(0)


def closing(code: int, reason: str = "") -> Handler:
    """Close so after the first frame."""

    async def close(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(code, reason)

    return close


def saying(*answers: Answer) -> Handler:
    """Say that after the first frame, and hear the rest."""

    async def say(connection: ServerConnection) -> None:
        await connection.recv()
        for answer in answers:
            await put(connection, answer)
        await hush(connection)

    return say
