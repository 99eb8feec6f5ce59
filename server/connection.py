"""One WebSocket: receive ─▶ interpret ─▶ send, in one TaskGroup around a session core."""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from models.channel import Channel
from models.errors import ChannelClosedError, TongchuanError
from models.events import Audio, AudioInput, InterpreterEvent
from models.interpreter import Interpreter
from server.errors import BadMessageError
from server.events import serialise
from server.gate import refusal
from server.glossary.book import Lease
from server.hub import Hub
from server.messages import parse
from server.moves import (
    Action,
    AudioFrame,
    Borrow,
    Close,
    Deadline,
    Done,
    Drain,
    Emit,
    EndInput,
    Failed,
    Feed,
    GlossaryDeleted,
    Identity,
    Input,
    Invalid,
    Lent,
    Open,
    Outbound,
    Oversize,
    Refusal,
    Refused,
)
from server.session import Session, State
from server.wire import SUBPROTOCOL, CloseCode

logger = logging.getLogger("tongchuan.server")

ABORT = "tongchuan.abort"
"""ASGI extension of `server.transport`: drops the socket without a word."""

_OUT_EVENTS = 256  # a second or two of events; a full queue makes the interpreter wait
_CONTROL_S = 0.001  # weight of a Flush among audio


def _audio_weight(item: AudioInput) -> float:
    return item.duration_s if isinstance(item, Audio) else _CONTROL_S


class Connection:
    """Does what the session core asks for. Not reused."""

    def __init__(self, socket: WebSocket, hub: Hub) -> None:
        self._socket = socket
        self._hub = hub
        self._limits = hub.settings.limits
        self._loop = asyncio.get_running_loop()
        self._identity = Identity(uuid.uuid4().hex, secrets.token_urlsafe(24), hub.settings.profile)
        self._session = Session(self._identity, self._limits, self._admit, self._loop.time())
        self._admitted_at: float | None = None
        # The core keeps the audio under max_backlog_s; the second more is for resampler tails.
        self._audio: Channel[AudioInput] = Channel(self._limits.max_backlog_s + 1, _audio_weight)
        self._out: Channel[Outbound | Close] = Channel(_OUT_EVENTS)
        self._deadline: asyncio.Timeout | None = None
        self._group = asyncio.TaskGroup()
        self._interpreting: asyncio.Task[None] | None = None  # or what comes before it
        self._lease: Lease | None = None
        self._settled = asyncio.Event()  # cleared while the session waits for its glossaries
        self._settled.set()
        self._ended_by = "client"

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._session.state

    @property
    def waiting_audio_s(self) -> float:
        """Audio that the interpreter has not taken yet."""
        return self._audio.load

    @property
    def waiting_events(self) -> int:
        """Events that the client has not been sent yet."""
        return len(self._out)

    async def run(self) -> None:
        """Serve the socket until it closes. Raises nothing but cancellation."""
        offered = self._socket.scope.get("subprotocols", [])
        turned_away = refusal(self._socket, self._hub.settings) or self._no_room()
        try:
            with self._hub.joined(self):
                await self._socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
                if turned_away is not None:
                    self._count_refused(turned_away)
                    await self._do(Refused(turned_away))
                async with self._group:
                    self._spawn((self._receive(), self._send(), self._watch_drain()))
        except* WebSocketDisconnect:
            pass  # the client left while we were sending
        except* Exception:  # a fault of ours ends this session alone
            logger.exception("session %s: internal fault", self._identity.session_id)
            self._ended_by = str(int(CloseCode.INTERNAL))
            await self._close_after_fault()
        finally:
            self._leave()

    def _spawn(self, coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Start receive, send and the watch; receive or send ending ends all the rest."""
        tasks = [self._group.create_task(coroutine) for coroutine in coroutines]
        for task in tasks[:2]:
            task.add_done_callback(lambda _done: self._stop(tasks))

    def _stop(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if self._interpreting is not None:
            self._interpreting.cancel()

    def _no_room(self) -> Refusal | None:
        if self._hub.has_room():
            return None
        message = "too many clients wait to start; try again in a second"
        return Refusal("no_free_slot", message, CloseCode.TRY_LATER, 1)

    def _admit(self) -> Refusal | None:
        turned_away = self._hub.admission.take()
        if turned_away is None:
            self._admitted_at = self._loop.time()
            self._hub.metrics.admitted.inc()
        else:
            self._count_refused(turned_away)
        return turned_away

    def _count_refused(self, turned_away: Refusal) -> None:
        self._hub.metrics.refused.labels(turned_away.code).inc()

    def _leave(self) -> None:
        """Give the glossaries and the slot back, count and log."""
        if self._lease is not None:
            self._lease.release()
        session, metrics = self._session, self._hub.metrics
        metrics.closes.labels(self._ended_by).inc()
        if self._admitted_at is not None:
            held_s = self._loop.time() - self._admitted_at
            self._hub.admission.free(held_s)
            metrics.session_s.observe(held_s)
            metrics.audio_s.inc(session.audio_ms / 1000)
        logger.info(
            "session %s: closed by %s after %.1f s of audio, %d chunks",
            self._identity.session_id,
            self._ended_by,
            session.audio_ms / 1000,
            session.chunks,
        )

    # The tasks

    async def _receive(self) -> None:
        """Frames and deadlines to the core. Ends when the client is gone."""
        while True:
            message: Any = None
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._session.deadline) as self._deadline:
                    message = await self._socket.receive()
            self._deadline = None
            if message is None:
                if self._deadline_passed():  # it may have been moved while it expired
                    await self._do(Deadline())
            elif message["type"] == "websocket.disconnect":
                return
            else:
                await self._settled.wait()
                await self._do(self._input(message))

    def _deadline_passed(self) -> bool:
        deadline = self._session.deadline
        return deadline is not None and self._loop.time() >= deadline

    def _input(self, message: Any) -> Input:
        """The typed input in an ASGI message."""
        text, data = message.get("text"), message.get("bytes")
        limits = self._limits
        if text is None:
            if len(data) > limits.max_frame_bytes:
                return Oversize("binary", len(data), limits.max_frame_bytes)
            return AudioFrame(data, self.waiting_audio_s)
        size = len(text.encode())
        if size > limits.max_text_bytes:
            return Oversize("text", size, limits.max_text_bytes)
        try:
            return parse(text, limits)
        except BadMessageError as error:
            return Invalid(error)

    async def _send(self) -> None:
        """Events to the client in order. Ends with the close, or when the client does not read."""
        try:
            async for item in self._out:
                async with asyncio.timeout(self._limits.send_timeout_s):
                    if isinstance(item, Close):
                        self._ended_by = str(int(item.code))
                        await self._socket.close(int(item.code), item.reason)
                        return
                    stamped = self._session.stamp(item, self._loop.time())
                    self._hub.metrics.sent(stamped.event)
                    await self._socket.send_text(serialise(stamped))
        except TimeoutError:
            self._ended_by = "send_timeout"
            abort = self._socket.scope.get("extensions", {}).get(ABORT)
            if abort is not None:
                abort["call"]()

    async def _watch_drain(self) -> None:
        await self._hub.draining.wait()
        await self._do(Drain())

    async def _interpret(self, interpreter: Interpreter) -> None:
        """Run the interpreter; its end and its failure are inputs of the core."""
        # A channel is invariant in its items; the interpreter only ever sends its own.
        events = cast("Channel[InterpreterEvent]", self._out)
        end: Input = Done()
        watching = self._group.create_task(self._watch_glossaries())
        try:
            await interpreter.interpret(self._audio, events)
        except Exception as error:
            if self.state is not State.CLOSED:  # else it stumbled over our closing
                session_id = self._identity.session_id
                logger.error("session %s: the interpreter failed", session_id, exc_info=error)
            end = Failed(error)
        finally:
            watching.cancel()
        await self._do(end)

    async def _borrow(self, action: Borrow) -> None:
        self._lease = await self._hub.shelf.lease(action.names, action.target)
        await self._do(Lent(self._lease, self._lease.faults))
        self._settled.set()

    async def _watch_glossaries(self) -> None:
        """Deletions to the core. Ends with the interpreter, or at once without glossaries."""
        while self._lease is not None:
            await self._do(GlossaryDeleted(await self._lease.deletion()))

    # The actions

    async def _do(self, item: Input) -> None:
        """Hand `item` to the core and do what it asks for.

        Waits while the client is slow; `_send` limits that. Cancelled, the rest is not done.
        """
        actions = self._session.handle(item, self._loop.time())
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(self._session.deadline)
        try:
            for action in actions:
                await self._act(action)
        except ChannelClosedError:
            return  # the close is already on its way
        except TongchuanError as error:  # the backend did not open an interpreter
            await self._do(Failed(error))

    async def _act(self, action: Action) -> None:
        match action:
            case Borrow():
                self._settled.clear()
                self._interpreting = self._group.create_task(self._borrow(action))
            case Open():
                self._open(action)
            case Feed():
                await self._audio.send(action.item)
            case EndInput():
                await self._audio.close()
            case Emit():
                await self._out.send(action.event)
            case Close():
                task = self._interpreting
                if task is not None and task is not asyncio.current_task():
                    task.cancel()
                await self._out.send(action)
                await self._out.close()

    def _open(self, action: Open) -> None:
        interpreter = self._hub.backend.open(action.spec, self._hub.metrics)
        self._interpreting = self._group.create_task(self._interpret(interpreter))
        logger.info(
            "session %s: %s to %s",
            self._identity.session_id,
            action.spec.source,
            action.spec.target,
        )

    async def _close_after_fault(self) -> None:
        with suppress(Exception):
            async with asyncio.timeout(self._limits.send_timeout_s):
                await self._socket.close(int(CloseCode.INTERNAL), "internal")
