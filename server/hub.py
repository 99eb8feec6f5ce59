"""What the connections of one server share, from the warming of the models to the draining."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from glossaries.store import GlossaryStore
from models.errors import EngineError, TongchuanError
from models.interpreter import InterpreterBackend
from server.admission import Admission
from server.config import Settings
from server.glossary.shelf import Shelf
from server.metrics import Metrics
from server.recovery import Recovery
from server.session import State

logger = logging.getLogger("tongchuan.server")

_LOOP_CHECK_S = 0.5


class Member(Protocol):
    """A connection, as far as the hub needs to know it."""

    @property
    def state(self) -> State:
        """Where its session stands."""

    @property
    def waiting_audio_s(self) -> float:
        """Audio that its interpreter has not taken yet."""

    @property
    def waiting_events(self) -> int:
        """Events that its client has not been sent yet."""


class Hub:
    """One server's shared state.

    on_failure: told when the engines cannot start. store: None for a server without glossaries.
    """

    def __init__(
        self,
        settings: Settings,
        backend: InterpreterBackend,
        on_failure: Callable[[TongchuanError], None] | None = None,
        store: GlossaryStore | None = None,
    ) -> None:
        self.settings = settings
        self.backend = backend
        self.metrics = Metrics()
        self.shelf = Shelf(
            store,
            refresh_s=settings.glossaries.refresh_s,
            most=settings.glossaries.cache_entries,
            metrics=self.metrics,
        )
        self.admission = Admission()
        self.draining = asyncio.Event()
        self._on_failure = on_failure
        self._failure = ""
        self._members: set[Member] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._watch()

    def _watch(self) -> None:
        watch, members, admission = self.metrics.watch, self._members, self.admission
        watch("sessions_active", "Sessions that hold a slot", lambda: admission.active)
        watch("sessions_slots", "Slots in all; 0 until measured", lambda: admission.slots or 0)
        watch("connections", "Open WebSockets", lambda: len(members))
        watch(
            "audio_waiting_seconds",
            "Audio received and not yet taken by an interpreter, all sessions",
            lambda: sum(member.waiting_audio_s for member in members),
        )
        watch(
            "events_waiting",
            "Events not yet sent to their clients, all sessions",
            lambda: sum(member.waiting_events for member in members),
        )
        watch("ready", "1 when /readyz says yes", lambda: float(not self.unready()))

    def unready(self) -> str:
        """Why new sessions cannot be served now; "" when they can."""
        if self._failure:
            return self._failure
        if self.draining.is_set():
            return "the server is shutting down"
        if self.admission.slots is None:
            return "the models are still loading"
        return "; ".join(self.backend.faults())

    def has_room(self) -> bool:
        """Whether one more socket may wait for its `session.start`."""
        waiting = sum(member.state is State.WAITING for member in self._members)
        return waiting < self.settings.limits.max_waiting

    @contextmanager
    def joined(self, member: Member) -> Iterator[None]:
        """Counts `member` among the connections meanwhile."""
        self._members.add(member)
        self._empty.clear()
        try:
            yield
        finally:
            self._members.discard(member)
            if not self._members:
                self._empty.set()

    async def warm(self) -> None:
        """Start the engines; from then on there are slots. A failure is kept and reported."""
        try:
            capacity = await self.backend.start()
        except TongchuanError as error:
            logger.error("the models cannot start: %s", error)
            self._fail(error)
            return
        except Exception as error:  # a fault nobody foresaw must not look like slow loading
            logger.exception("the models cannot start")
            self._fail(EngineError(f"the models cannot start: {error!r}; see the log"))
            return
        self.admission.slots = self.settings.max_sessions or max(1, capacity.sessions)
        logger.info(
            "ready: %d slots; one session needs %.0f %% of this machine",
            self.admission.slots,
            capacity.share * 100,
        )

    def _fail(self, error: TongchuanError) -> None:
        self._failure = str(error)
        if self._on_failure is not None:
            self._on_failure(error)

    async def measure_loop(self) -> None:
        """Measure how late the event loop runs, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOP_CHECK_S
            await asyncio.sleep(_LOOP_CHECK_S)
            self.metrics.loop_lag.observe(max(0.0, loop.time() - due))

    async def recover_loop(self) -> None:
        """Find out when engines that failed work again, for ever."""
        await Recovery(self.backend, self.metrics).run()

    async def drain(self) -> None:
        """Admit nobody, let the running sessions finish; returns when all are gone or time is up.

        Cancelled, it leaves the sessions to end by themselves.
        """
        self.admission.closing = True
        self.draining.set()
        limits = self.settings.limits
        try:
            async with asyncio.timeout(limits.drain_timeout_s + limits.send_timeout_s):
                await self._empty.wait()
        except TimeoutError:
            logger.warning("%d connections did not end in time", len(self._members))
