"""One interpreting session over a WebSocket, for Python programs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tongchuan import connect, pcm
from tongchuan.buffer import EventBuffer
from tongchuan.errors import (
    ClientError,
    ConnectError,
    ConnectionLostError,
    FlushTimeoutError,
    ProtocolError,
    SessionStateError,
)
from tongchuan.events import ErrorEvent, Event, Flushed, SessionEnded, SessionStarted, Term, parse

_OWED_S = 10.0  # how long a server may take to hand over what it owes after a fatal error


class Interpreter:
    """A session: audio in by `send`, typed events out by `async for`.

        async with Interpreter("ws://localhost:8000", source="zh", target="en") as session:
            await session.send(samples)
            await session.end()
            async for event in session:
                ...

    Read while you send: at most `max_events` events wait unread; beyond that superseded partials
    and previews are dropped, then the server is held up. One task may send while another reads.
    Leaving the block closes the connection, whatever state it is in.

    encoding: of the bytes given to `send`: pcm_s16le, pcm_f32le, mulaw or alaw.
    sample_rate: 8000 to 48000 Hz; channels: 1, or 2 (mixed down by the server).
    terms: `Term`s or (source, target) pairs; they win over those of `glossaries`, which are names
    of glossaries that the server keeps, the preferred one first. api_key: sent as a bearer token.
    drain_timeout_s: the longest silence accepted from the server after `end()`.

    Raises on entry: ConnectError, SessionRefusedError (ServerFullError has `retry_after_s`),
    ConnectionLostError, ProtocolError, and AudioFormatError for a format no server takes.
    """

    def __init__(
        self,
        url: str,
        *,
        source: str = "zh",
        target: str = "en",
        encoding: str = "pcm_s16le",
        sample_rate: int = 16_000,
        channels: int = 1,
        terms: Sequence[Term | tuple[str, str]] = (),
        glossaries: Sequence[str] = (),
        context: str = "",
        previews: bool = True,
        api_key: str | None = None,
        open_timeout_s: float = 15.0,
        flush_timeout_s: float = 60.0,
        drain_timeout_s: float = 60.0,
        max_events: int = 4096,
    ) -> None:
        pcm.check_format(encoding, sample_rate, channels)
        self.url = connect.normalise_url(url)
        self._encoding, self._channels = encoding, channels
        self._start = {
            "type": "session.start",
            "source": source,
            "target": target,
            "audio": {"encoding": encoding, "sample_rate": sample_rate, "channels": channels},
            "terms": [_term(term) for term in terms],
            "glossaries": list(glossaries),
            "context": context,
            "previews": previews,
        }
        self._api_key = api_key
        self._open_timeout_s = open_timeout_s
        self._flush_timeout_s = flush_timeout_s
        self._drain_timeout_s = drain_timeout_s
        self._buffer = EventBuffer(max_events)
        self._markers: dict[str, asyncio.Future[None]] = {}  # flushes not answered yet
        self._flushes = 0
        self._ending = False
        self._over = False
        self._failure: ClientError | None = None
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._started: SessionStarted | None = None
        self._stack = contextlib.AsyncExitStack()

    @property
    def started(self) -> SessionStarted:
        """What the server answered to the start: id, profile, limits."""
        if self._started is None:
            raise SessionStateError("the session is not open; use `async with Interpreter(…)`")
        return self._started

    async def __aenter__(self) -> Self:
        if self._connection is not None:
            raise SessionStateError("a session opens once; make another Interpreter")
        try:
            async with asyncio.timeout(self._open_timeout_s):
                self._connection = await connect.open_connection(self.url, self._api_key)
                self._stack.push_async_callback(connect.close, self._connection)
                self._started = await self._handshake(self._connection)
        except TimeoutError:
            await self._stack.aclose()
            raise ConnectError(
                f"{self.url} did not start a session within {self._open_timeout_s:g} s"
            ) from None
        except BaseException:  # also when cancelled: the socket must not outlive us
            await self._stack.aclose()
            raise
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._reader = group.create_task(self._read(self._connection, self._started.seq))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._connection is not None
        assert self._reader is not None
        self._over = True
        self._buffer.discard()  # so that the reader reaches the close frame
        try:
            await connect.close(self._connection)
        finally:
            self._reader.cancel()
            await self._stack.aclose()

    async def send(self, data: bytes | bytearray | memoryview | NDArray[Any]) -> None:
        """Send audio of any length, cut into frames that the server takes.

        Arrays: float in [-1, 1] or int16, shape (n,) or (n, channels). Bytes go as they are.
        Waits while the connection is full. Raises what ended the session, if it has ended.
        """
        connection, limit = self._sendable(), self.started.limits.max_frame_bytes
        if isinstance(data, np.ndarray):
            data = pcm.to_bytes(data, self._encoding, self._channels)
        view = memoryview(data).cast("B")
        try:
            for begin in range(0, len(view), limit):
                await connection.send(bytes(view[begin : begin + limit]))
        except ConnectionClosed as error:
            raise await self._why(error) from None

    async def flush(self, marker: str | None = None) -> None:
        """Have everything sent so far committed, and wait until it is.

        Its events come before the `Flushed` event of the same marker. Raises FlushTimeoutError.
        """
        self._flushes += 1
        marker = f"flush-{self._flushes}" if marker is None else marker
        if marker in self._markers:
            raise SessionStateError(f"a flush with marker {marker!r} is not answered yet")
        answered = self._markers[marker] = asyncio.get_running_loop().create_future()
        try:
            await self._send_json(self._sendable(), {"type": "flush", "marker": marker})
            async with asyncio.timeout(self._flush_timeout_s):
                await answered
        except TimeoutError:
            raise FlushTimeoutError(
                f"the server did not answer flush {marker!r} within {self._flush_timeout_s:g} s; "
                "read the events meanwhile, or allow more with flush_timeout_s"
            ) from None
        finally:
            del self._markers[marker]
            if not answered.cancel() and not answered.cancelled():
                answered.exception()  # seen: asyncio need not report it

    async def end(self) -> None:
        """No more audio will come. Read on: the rest of the events follow, then iteration stops.

        Idempotent. Raises what ended the session, if the server or the network ended it.
        """
        if self._ending:
            return
        connection = self._sendable()
        self._ending = True
        await self._send_json(connection, {"type": "session.end"})

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event; stops after `SessionEnded`.

        Raises, after the events that came before: SessionFailedError, ConnectionLostError or
        ProtocolError.
        """
        limit = self._drain_timeout_s if self._ending else None  # else the keepalive watches
        try:
            async with asyncio.timeout(limit):
                event = await self._buffer.get()
        except TimeoutError:
            raise ConnectionLostError(
                f"the server said nothing for {limit:g} s after the end of the session"
            ) from None
        if event is None:
            raise StopAsyncIteration
        return event

    def _sendable(self) -> ClientConnection:
        if self._connection is None:
            raise SessionStateError("the session is not open; use `async with Interpreter(…)`")
        if self._failure is not None:
            raise self._failure
        if self._ending or self._over:
            raise SessionStateError("the session has ended; open another to send more")
        return self._connection

    async def _send_json(self, connection: ClientConnection, message: dict[str, Any]) -> None:
        try:
            await connection.send(json.dumps(message, ensure_ascii=False))
        except ConnectionClosed as error:
            raise await self._why(error) from None

    async def _handshake(self, connection: ClientConnection) -> SessionStarted:
        with contextlib.suppress(ConnectionClosed):  # a refusal may be there already: read it
            await connection.send(json.dumps(self._start, ensure_ascii=False))
        try:
            while True:
                event = parse(await connection.recv())
                if isinstance(event, SessionStarted):
                    return _checked(event)
                if isinstance(event, ErrorEvent):
                    raise connect.refusal(event)
        except ConnectionClosed as error:
            raise connect.closed(error, started=False) from error

    async def _read(self, connection: ClientConnection, seq: int) -> None:
        """Events from the socket into the buffer, until the session is over for any reason."""
        fatal: ClientError | None = None
        ended = False
        limit = asyncio.timeout(None)
        try:
            async with limit:
                while True:
                    event = parse(await connection.recv())
                    if event.seq != seq + 1:
                        raise ProtocolError(
                            f"the server sent event {event.seq} after {seq}: events are missing"
                        )
                    seq = event.seq
                    if isinstance(event, ErrorEvent) and event.fatal:
                        fatal = connect.failure(event)
                        limit.reschedule(asyncio.get_running_loop().time() + _OWED_S)
                        continue  # what it owes may still follow, up to its close
                    await self._buffer.put(event)
                    if isinstance(event, Flushed) and event.marker in self._markers:
                        _resolve(self._markers[event.marker])
                    if isinstance(event, SessionEnded):
                        if self._ending:
                            return
                        ended = True  # by the server: its close code says why
        except ConnectionClosed as error:
            if fatal or not ended or error.rcvd is None or error.rcvd.code != 1000:
                self._failure = fatal or connect.closed(error, started=True)
        except TimeoutError:
            self._failure = fatal
        except ClientError as error:
            self._failure = error
        finally:
            self._finish()

    def _finish(self) -> None:
        self._over = True
        self._buffer.close(self._failure)
        reason = self._failure or SessionStateError("the session ended before the flush did")
        for answered in self._markers.values():
            if not answered.done():
                answered.set_exception(reason)

    async def _why(self, error: ConnectionClosed) -> ClientError:
        """Why the socket is closed: the reader may have been told more than the close code."""
        assert self._reader is not None
        await asyncio.wait({self._reader}, timeout=1.0)
        return self._failure or connect.closed(error, started=True)


def _term(term: Term | tuple[str, str]) -> dict[str, str]:
    if isinstance(term, Term):
        note = {"note": term.note} if term.note else {}
        return {"source": term.source, "target": term.target, **note}
    source, target = term
    return {"source": source, "target": target}


def _checked(event: SessionStarted) -> SessionStarted:
    if event.limits.max_frame_bytes < 1:
        raise ProtocolError(f"the server takes frames of {event.limits.max_frame_bytes} bytes")
    return event


def _resolve(answered: asyncio.Future[None]) -> None:
    if not answered.done():
        answered.set_result(None)
