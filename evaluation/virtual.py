"""Replay with a simulated clock: the server's session in this process, no socket, no waiting.

Audio arrives when it has been spoken in simulated time; the models run for real, and what they
cost is charged to the clock. A recording runs as fast as the models do.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket

from evaluation.charge import Charge, Measured
from evaluation.charged import ChargedBackend
from evaluation.clock import ClockError, VirtualLoop
from evaluation.conversation import GRACE_S, Pacer, ReplayError, first_error
from evaluation.costs import Costs
from evaluation.engines import Engines
from evaluation.log import Received, SessionLog
from evaluation.recordings import RATE, Recording
from evaluation.systems import System
from models.interpreter import InterpreterBackend
from server.config import Limits, Settings
from server.connection import Connection
from server.hub import Hub
from server.wire import SUBPROTOCOL
from tongchuan import Term
from tongchuan.events import ErrorEvent, SessionEnded, SessionStarted, parse

_SCOPE = {
    "type": "websocket",
    "path": "/v1/interpret",
    "query_string": b"",
    "headers": [],
    "subprotocols": [SUBPROTOCOL],
}


def replay(
    recording: Recording,
    engines: Engines,
    system: System,
    *,
    charge: Charge | None = None,
    terms: Sequence[Term] = (),
    context: str = "",
    previews: bool = True,
) -> tuple[SessionLog, Costs]:
    """One session of `system` over loaded engines, in an event loop of its own.

    charge: `Measured()` by default.
    Raises RecordingError, ReplayError.
    """
    backend = ChargedBackend(engines, system, charge or Measured())
    started = time.perf_counter()
    log = run(recording, backend, terms=terms, context=context, previews=previews)
    costs = Costs(
        log.duration_s,
        dict(backend.machine.measured.stages),
        dict(backend.told.stages),
        dict(backend.told.counts),
        time.perf_counter() - started,
    )
    return log, costs


def run(
    recording: Recording,
    backend: InterpreterBackend,
    *,
    terms: Sequence[Term] = (),
    context: str = "",
    previews: bool = True,
) -> SessionLog:
    """One session of `backend`, which waits on the simulated clock only, and is closed after.

    Raises RecordingError, ReplayError.
    """
    start = {
        "type": "session.start",
        "source": recording.source,
        "target": recording.target,
        "audio": {"encoding": "pcm_s16le", "sample_rate": RATE, "channels": 1},
        "terms": [{"source": t.source, "target": t.target, "note": t.note} for t in terms],
        "context": context,
        "previews": previews,
    }
    client = _Client(recording, json.dumps(start))
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(client.run(backend))
    except ClockError as error:
        raise ReplayError(f"{recording.id}: {error}") from error
    return client.log()


class _Client:
    """One client, and the two ends of a WebSocket that is none: `receive` and `send` of ASGI."""

    def __init__(self, recording: Recording, start: str) -> None:
        self._recording = recording
        self._samples = recording.samples()
        self._start = start
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=16)
        self._received: list[Received] = []
        self._started = asyncio.Event()
        self._pacer: Pacer | None = None

    async def run(self, backend: InterpreterBackend) -> None:
        """The session from its start to its end. Raises ReplayError."""
        # Nothing of a person's own server settings matters here.
        settings = Settings(api_key=None, max_sessions=1, profile="virtual", limits=Limits())
        hub = Hub(settings, backend)
        await hub.warm()
        limit_s = len(self._samples) / RATE + GRACE_S
        try:
            async with asyncio.timeout(limit_s), asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._speak(), name="speak")
                await Connection(WebSocket(_SCOPE, self._inbox.get, self._take), hub).run()
                speaking.cancel()
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        except TimeoutError:
            raise ReplayError(f"{self._recording.id}: not over {GRACE_S:g} s after it") from None
        finally:
            await backend.close()

    async def _speak(self) -> None:
        await self._inbox.put({"type": "websocket.connect"})
        await self._inbox.put({"type": "websocket.receive", "text": self._start})
        await self._started.wait()
        self._pacer = Pacer(self, self._samples, 1.0)
        await self._pacer.run()

    async def send(self, data: NDArray[np.int16]) -> None:
        """See `Ears`."""
        await self._inbox.put({"type": "websocket.receive", "bytes": data.astype("<i2").tobytes()})

    async def end(self) -> None:
        """See `Ears`."""
        await self._inbox.put({"type": "websocket.receive", "text": '{"type":"session.end"}'})

    async def _take(self, message: Any) -> None:
        """What the server sends."""
        if message["type"] != "websocket.send":
            return
        event = parse(message["text"])
        if isinstance(event, SessionStarted):
            self._started.set()
        elif self._pacer is None:
            self._received.append(Received(0.0, 0, event))
        else:
            self._received.append(Received(self._pacer.now_s(), self._pacer.sent_ms, event))

    def log(self) -> SessionLog:
        """What came. Raises ReplayError when the session failed."""
        name = self._recording.id
        events = [item.event for item in self._received]
        for event in events:
            if isinstance(event, ErrorEvent) and event.fatal:
                raise ReplayError(f"{name}: {event.code}: {event.message}")
        if not events or not isinstance(events[-1], SessionEnded):
            raise ReplayError(f"{name}: the session broke off after {len(events)} events")
        duration_s = len(self._samples) / RATE
        return SessionLog(name, duration_s, 1.0, tuple(self._received))
