"""A server that speaks the wire by a script, for states that a real one is seldom in.

It serves the real page with the real headers. What it says is told beforehand: a list of events,
each due once so much audio has arrived.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.page import PAGE_DIR, Page

PATIENCE_S = 20.0

Event = dict[str, Any]


def chunk_events(
    number: int,
    source: str,
    translation: str,
    start_ms: int,
    end_ms: int,
    lag_ms: int = 1800,
) -> list[tuple[int, Event]]:
    """What a server says about one chunk: heard, guessed, written in two halves, complete."""
    half = len(translation) // 2
    middle_ms = (start_ms + end_ms) // 2
    heard = {"text": source[: len(source) // 2], "start_ms": start_ms, "end_ms": middle_ms}
    final = {"source": source, "translation": translation, "start_ms": start_ms}
    return [
        (middle_ms, {"type": "transcript.partial", **heard}),
        (middle_ms, {"type": "translation.preview", "text": translation[: half // 2]}),
        (
            end_ms,
            {
                "type": "transcript.partial",
                "text": source,
                "start_ms": start_ms,
                "end_ms": end_ms,
            },
        ),
        (end_ms, {"type": "translation.delta", "chunk": number, "delta": translation[:half]}),
        (end_ms, {"type": "translation.delta", "chunk": number, "delta": translation[half:]}),
        (
            end_ms,
            {
                "type": "chunk.final",
                "chunk": number,
                **final,
                "end_ms": end_ms,
                "lag_ms": lag_ms,
                "terms": [],
            },
        ),
    ]


@dataclass
class Script:
    """What the server does; a test changes it at any time.

    ready: what `/readyz` answers; reason: why not.
    says: events, each due when so many ms of audio have arrived.
    refusals: (error event, close code) for the next connections, one each.
    closes_at_ms, close_code: close without a word when so much audio has arrived.
    ends: whether `session.end` is answered.
    starts: the `session.start` messages so far; audio_ms: of the last session.
    """

    ready: bool = True
    reason: str = "the models are still loading"
    says: list[tuple[int, Event]] = field(default_factory=list)
    refusals: list[tuple[Event, int]] = field(default_factory=list)
    closes_at_ms: int | None = None
    close_code: int = 1011
    ends: bool = True
    starts: list[Event] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    audio_ms: float = 0.0


class ScriptedSession:
    """One socket, following the script."""

    def __init__(self, socket: WebSocket, script: Script) -> None:
        self._socket = socket
        self._script = script
        self._seq = 0
        self._opened: set[int] = set()

    async def run(self) -> None:
        """Until the client has gone or was sent away."""
        await self._socket.accept(subprotocol="tongchuan.v1")
        start = await self._socket.receive_json()
        self._script.starts.append(start)
        self._script.queries.append(str(self._socket.query_params))
        if self._script.refusals:
            error, code = self._script.refusals.pop(0)
            await self._send({"type": "error", "fatal": True, **error})
            await self._socket.close(code)
            return
        self._script.audio_ms = 0.0
        rate = start["audio"]["sample_rate"]
        await self._send(
            {
                "type": "session.started",
                "session_id": "scripted",
                "resume_token": "none",
                "protocol": 1,
                "profile": "scripted",
                "source": start["source"],
                "target": start["target"],
                "limits": {"max_frame_bytes": 65536, "max_lag_ms": 8000},
            }
        )
        await self._listen(rate, list(self._script.says))

    async def _listen(self, rate: int, due: list[tuple[int, Event]]) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (data := message.get("bytes")) is not None:
                self._script.audio_ms += len(data) / 2 / rate * 1000
                while due and due[0][0] <= self._script.audio_ms:
                    await self._send(due.pop(0)[1])
                limit = self._script.closes_at_ms
                if limit is not None and self._script.audio_ms >= limit:
                    await self._socket.close(self._script.close_code)
                    return
            elif "session.end" in (message.get("text") or "") and self._script.ends:
                await self._finish(due)
                return

    async def _finish(self, due: list[tuple[int, Event]]) -> None:
        for _, event in due:  # what is begun is completed
            if event.get("chunk") in self._opened:
                await self._send(event)
        await self._send(
            {
                "type": "session.ended",
                "audio_ms": int(self._script.audio_ms),
                "chunks": 1,
                "lag_ms": {"p50": 1800, "p95": 2600},
            }
        )
        await self._socket.close(1000)

    async def _send(self, event: Event) -> None:
        self._seq += 1
        if event["type"] == "translation.delta":
            self._opened.add(event["chunk"])
        await self._socket.send_json({"seq": self._seq, "at_ms": 0, **event})


def scripted_app(script: Script) -> ASGIApp:
    """The page, `/readyz` and the socket."""

    async def readyz(_request: Request) -> JSONResponse:
        body = {"ready": script.ready, **({} if script.ready else {"reason": script.reason})}
        return JSONResponse(body, 200 if script.ready else 503)

    async def interpret(socket: WebSocket) -> None:
        try:
            await ScriptedSession(socket, script).run()
        except WebSocketDisconnect:
            return

    return Starlette(
        routes=[
            Route("/readyz", readyz),
            WebSocketRoute("/v1/interpret", interpret),
            Mount("/", Page(directory=PAGE_DIR, html=True)),
        ]
    )


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """`app` on a free loopback port; its address."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    with running(uvicorn.Server(config)) as address:
        yield address


@contextmanager
def running(server: uvicorn.Server) -> Iterator[str]:
    """`server` in a thread of its own; its address."""
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if server.started or not thread.is_alive():
            break
        pause.wait(0.05)
    assert server.started, "the test server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the test server did not stop"
