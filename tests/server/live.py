"""A real server on a loopback port, and a client that takes the wire as it is."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.app import create_app
from server.config import Limits, Settings
from server.hub import Hub
from server.serve import Server, build, listen
from server.wire import CODES
from tests.fakes import FakeBackend

PATIENCE_S = 20.0  # far more than anything here takes; a hang fails the test

START: dict[str, Any] = {
    "type": "session.start",
    "source": "zh",
    "target": "en",
    "audio": {"encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1},
}

Event = dict[str, Any]


async def eventually(holds: Callable[[], Any]) -> None:
    """Until `holds()`; fails when it never does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - no event tells a test of the server's state
            await asyncio.sleep(0.01)


@dataclass
class Talk:
    """One client's side of a session."""

    socket: ClientConnection
    events: list[Event] = field(default_factory=list)

    async def send(self, *items: dict[str, Any] | str | bytes) -> None:
        """Messages as JSON; text and bytes as they are."""
        for item in items:
            await self.socket.send(json.dumps(item) if isinstance(item, dict) else item)

    async def next(self) -> Event:
        """The next event."""
        async with asyncio.timeout(PATIENCE_S):
            event: Event = json.loads(await self.socket.recv())
        self.events.append(event)
        return event

    async def until(self, kind: str, **fields: Any) -> Event:
        """The next event of type `kind` with these fields; those before it are kept."""
        while True:
            event = await self.next()
            if event["type"] == kind and fields.items() <= event.items():
                return event

    async def start(self, **fields: Any) -> Event:
        """Start the session."""
        await self.send({**START, **fields})
        return await self.until("session.started")

    async def rest(self) -> int:
        """Read to the end; the close code."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def of(self, kind: str) -> list[Event]:
        """The events of one type so far."""
        return [event for event in self.events if event["type"] == kind]

    def last_error(self) -> Event:
        """The newest `error`."""
        return self.of("error")[-1]


def check_error(
    talk: Talk, code: str, field: str | None, words: tuple[str, ...], *, fatal: bool
) -> None:
    """The newest error is this one, and its message has all `words`."""
    error = talk.last_error()
    assert error["code"] == code
    assert error["code"] in CODES
    assert error["fatal"] is fatal
    assert error.get("field") == field
    assert all(word in error["message"] for word in words), error["message"]


@dataclass
class Live:
    """A running server."""

    port: int
    hub: Hub
    server: Server
    backend: FakeBackend

    @asynccontextmanager
    async def talk(self, path: str = "/v1/interpret", **options: Any) -> AsyncIterator[Talk]:
        """A connected client."""
        url = f"ws://127.0.0.1:{self.port}{path}"
        options = {"proxy": None, "compression": None, "close_timeout": 2, **options}
        async with connect(url, **options) as client:
            yield Talk(client)

    @asynccontextmanager
    async def started(self, **fields: Any) -> AsyncIterator[Talk]:
        """A client whose session runs."""
        async with self.talk() as talk:
            await talk.start(**fields)
            yield talk

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """A plain HTTP request."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}", **options)

    async def raw(self) -> socket.socket:
        """A blocking TCP socket with an open WebSocket on it, for misbehaviour."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        request = (
            "GET /v1/interpret HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        raw.sendall(request.encode())
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += await asyncio.to_thread(raw.recv, 1)
        assert b" 101 " in reply
        return raw

    async def empty(self) -> None:
        """Until no connection is left and every slot is free."""
        await eventually(lambda: not self.metric("tongchuan_connections"))
        assert self.metric("tongchuan_sessions_active") == 0
        assert self.backend.running == 0

    def metric(self, name: str, **labels: str) -> float:
        """The value of a series now; 0 when there is none yet."""
        return self.hub.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def live(
    backend: FakeBackend | None = None,
    *,
    limits: dict[str, Any] | None = None,
    page: Path | None = None,
    warm: bool = True,
    send_buffer: int = 0,
    **settings: Any,
) -> AsyncIterator[Live]:
    """A server that runs in this event loop until the block ends."""
    backend = backend or FakeBackend()
    config = Settings(host="127.0.0.1", port=0, limits=Limits(**limits or {}), **settings)
    app = create_app(config, backend, page=page)
    server = build(app, config, configure_logging=False)
    listener = listen(config)
    if send_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await server.listening.wait()
        if warm:
            await eventually(lambda: app.state.hub.admission.slots is not None)
        yield Live(listener.getsockname()[1], app.state.hub, server, backend)
    finally:
        server.should_exit = True
        await asyncio.wait([task], timeout=PATIENCE_S)
        listener.close()
    task.result()


def masked(payload: bytes, opcode: int) -> bytes:
    """One whole client frame, masked with zeros, shorter than 64 KiB."""
    size = len(payload)
    header = bytes([0x80 | opcode])
    header += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big")
    return header + bytes(4) + payload
