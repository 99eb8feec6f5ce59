"""A backend without models: sound becomes chunks by its energy, failures come on demand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from models.channel import Channel
from models.errors import TongchuanError
from models.events import (
    SAMPLE_RATE,
    Audio,
    AudioInput,
    ChunkFinal,
    Failure,
    Flush,
    Flushed,
    InterpreterEvent,
    Notice,
    SessionSpec,
    SpeechStarted,
    SpeechStopped,
    Term,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)
from models.interpreter import Capacity, Telemetry

FRAME_SAMPLES = SAMPLE_RATE // 50


@dataclass
class FakePlan:
    """How every fake interpreter behaves.

    chunk_ms: voiced audio that makes a chunk.
    delay_s: time a chunk takes, in the interpreter (audio waits in its channel meanwhile).
    fail_at: chunk at which `error()` is raised; 0 for never.
    failures: chunks reported as `Failure` instead.
    noisy: notices sent with the first audio.
    gate: reading goes on only while it is set (None: always).
    slow_cancel_s: how long the freeing of engines takes after a cancellation.
    return_early: return at the first audio, against the contract.
    """

    chunk_ms: int = 200
    delay_s: float = 0.0
    fail_at: int = 0
    error: Callable[[], Exception] = lambda: TongchuanError("the fake was told to fail")
    failures: frozenset[int] = frozenset()
    noisy: tuple[Notice, ...] = ()
    gate: asyncio.Event | None = None
    slow_cancel_s: float = 0.0
    return_early: bool = False
    padding: str = ""


@dataclass
class FakeBackend:
    """Implements `InterpreterBackend`. Counts what is open, and remembers what it was asked."""

    plan: FakePlan = field(default_factory=FakePlan)
    capacity: Capacity = field(default_factory=lambda: Capacity(0.1, 4))
    start_gate: asyncio.Event | None = None
    start_error: Exception | None = None
    open_error: TongchuanError | None = None
    broken: tuple[str, ...] = ()
    heals_at: float = math.inf
    check_gate: asyncio.Event | None = None
    check_error: Exception | None = None
    checks: int = 0
    specs: list[SessionSpec] = field(default_factory=list)
    interpreters: list[FakeInterpreter] = field(default_factory=list)
    running: int = 0
    cancelled: int = 0
    closed: bool = False

    async def start(self) -> Capacity:
        """The capacity it was given, once `start_gate` is set."""
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        return self.capacity

    def open(self, spec: SessionSpec, telemetry: Telemetry) -> FakeInterpreter:
        """A new interpreter that follows `plan`."""
        if self.open_error is not None:
            raise self.open_error
        self.specs.append(spec)
        interpreter = FakeInterpreter(self, spec, telemetry)
        self.interpreters.append(interpreter)
        return interpreter

    def faults(self) -> tuple[str, ...]:
        """Whatever the test put into `broken`."""
        return self.broken

    async def check(self) -> None:
        """Works again at the check that `heals_at` names."""
        self.checks += 1
        if self.check_error is not None:
            raise self.check_error
        if self.check_gate is not None:
            await self.check_gate.wait()
        if self.checks >= self.heals_at:
            self.broken = ()

    async def close(self) -> None:
        """Remembers it."""
        self.closed = True


class FakeInterpreter:
    """Implements `Interpreter`: every `chunk_ms` of voiced audio is a chunk of two deltas."""

    def __init__(self, backend: FakeBackend, spec: SessionSpec, telemetry: Telemetry) -> None:
        self.heard_samples = 0
        self.heard: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
        self._backend = backend
        self._plan = backend.plan
        self._spec = spec
        self._telemetry = telemetry
        self._pending = np.zeros(0, dtype=np.float32)
        self._voiced_ms = 0
        self._chunk = 0
        self._start_ms = 0
        self._speaking = False

    @property
    def position_ms(self) -> int:
        """Audio judged so far."""
        return (self.heard_samples - len(self._pending)) * 1000 // SAMPLE_RATE

    async def interpret(
        self, audio: Channel[AudioInput], events: Channel[InterpreterEvent]
    ) -> None:
        """Follow the plan until `audio` is closed."""
        self._backend.running += 1
        try:
            await self._interpret(audio, events)
        except asyncio.CancelledError:
            self._backend.cancelled += 1
            if self._plan.slow_cancel_s:
                await asyncio.sleep(self._plan.slow_cancel_s)
            raise
        finally:
            self._backend.running -= 1

    async def _interpret(
        self, audio: Channel[AudioInput], events: Channel[InterpreterEvent]
    ) -> None:
        for notice in self._plan.noisy:
            await events.send(notice)
        while True:
            if self._plan.gate is not None:
                await self._plan.gate.wait()
            item = await audio.receive()
            if item is None:
                break
            if self._plan.return_early:
                return
            if isinstance(item, Flush):
                await self._commit(events)
                await events.send(Flushed(item.marker))
            else:
                await self._hear(item, events)
        await self._commit(events)

    async def _hear(self, item: Audio, events: Channel[InterpreterEvent]) -> None:
        self.heard_samples += len(item.samples)
        self.heard.append(item.samples)
        self._pending = np.concatenate([self._pending, item.samples])
        while len(self._pending) >= FRAME_SAMPLES:
            frame, self._pending = self._pending[:FRAME_SAMPLES], self._pending[FRAME_SAMPLES:]
            await self._judge(frame, events)

    async def _judge(
        self,
        frame: np.ndarray[tuple[int], np.dtype[np.float32]],
        events: Channel[InterpreterEvent],
    ) -> None:
        voiced = float(np.abs(frame).mean()) > 0.01
        if voiced != self._speaking:
            self._speaking = voiced
            position = self.position_ms
            await events.send(SpeechStarted(position) if voiced else SpeechStopped(position))
        if not voiced:
            return
        self._voiced_ms += 20
        if self._voiced_ms >= self._plan.chunk_ms:
            await self._commit(events)
        elif self._voiced_ms * 2 == self._plan.chunk_ms:
            await events.send(TranscriptPartial("半", self._start_ms, self.position_ms))
            if self._spec.previews:
                await events.send(TranslationPreview("half"))

    async def _commit(self, events: Channel[InterpreterEvent]) -> None:
        if not self._voiced_ms:
            return
        number = self._chunk + 1
        start_ms, end_ms = self._start_ms, self.position_ms
        self._voiced_ms, self._start_ms = 0, end_ms
        if number == self._plan.fail_at:
            raise self._plan.error()
        if number in self._plan.failures:
            self._plan.failures -= {number}
            await events.send(Failure("engine_failed", f"chunk {number} could not be translated"))
            return
        self._chunk = number
        if self._plan.delay_s:
            await asyncio.sleep(self._plan.delay_s)
        self._telemetry.stage("translate", 0.01)
        self._telemetry.count("prompt_tokens", 3)
        deltas = [f"chunk {number} ", f"of sound.{self._plan.padding}"]
        for delta in deltas:
            await events.send(TranslationDelta(number, delta))
        terms = tuple(Term(term.source, term.target) for term in self._spec.terms[:1])
        await events.send(
            ChunkFinal(number, f"第{number}段", "".join(deltas), start_ms, end_ms, terms)
        )


def tone(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    """A voiced sound for the fake: `pcm_s16le`, mono."""
    times = np.arange(round(seconds * rate)) / rate
    return (np.sin(times * 2764.6) * 8000).astype("<i2").tobytes()


def silence(seconds: float, rate: int = SAMPLE_RATE) -> bytes:
    """Nothing to hear: `pcm_s16le`, mono."""
    return bytes(2 * round(seconds * rate))
