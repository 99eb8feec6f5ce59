"""The engines that all real tests share, and ways to use them without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from evaluation.characters import error_rate
from models.audio.mel import LogMel
from models.channel import Channel
from models.engines.embedded import EmbeddedLLM
from models.engines.whisper import WhisperEngine
from models.events import (
    SAMPLE_RATE,
    Audio,
    AudioInput,
    ChunkFinal,
    Flush,
    InterpreterEvent,
    SessionSpec,
    TranslationDelta,
)
from models.factory import CascadeBackend
from models.interpreter import Capacity, Interpreter, NoTelemetry, Telemetry

DATA = Path(__file__).resolve().parent.parent / "data"
REAL = [
    pytest.mark.real,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="session"),
]
"""Marks of every module here: real weights, one event loop."""

_AHEAD_S = 1.0  # less than makes the listener skip steps: it hears as it would in real time
_PIECE = SAMPLE_RATE // 10

Samples = NDArray[np.float32]
E = TypeVar("E")


def mel_windows(name: str, seconds: float = 5.0) -> Iterator[NDArray[np.float32]]:
    """Raw log-mel frames of a recording, window by window."""
    samples, rate = soundfile.read(DATA / f"{name}.flac", dtype="float32")
    step = int(rate * seconds)
    for start in range(0, len(samples) - rate, step):
        mel = LogMel(80)
        piece = samples[start : start + step]
        mel.push(piece)
        frames = np.concatenate([mel.frames(0, mel.frame_count), mel.tail()])
        yield frames[: len(piece) * 100 // rate]


@dataclass
class Engines:
    """An `InterpreterBackend` that several servers can share: none of them starts or closes it.

    running: interpreters at work. cancelled: those that ended by cancellation.
    """

    backend: CascadeBackend
    capacity: Capacity
    running: int = 0
    cancelled: int = 0

    @property
    def recogniser(self) -> WhisperEngine:
        """The real Whisper."""
        engine = self.backend._recogniser
        assert engine is not None
        return engine

    @property
    def llm(self) -> EmbeddedLLM:
        """The real llama.cpp."""
        llm = self.backend._llm
        assert isinstance(llm, EmbeddedLLM)
        return llm

    async def start(self) -> Capacity:
        """They are warm already."""
        return self.capacity

    def open(self, spec: SessionSpec, telemetry: Telemetry) -> Interpreter:
        """A real interpreter that is counted while it works."""
        return _Counted(self, self.backend.open(spec, telemetry))

    def faults(self) -> tuple[str, ...]:
        """What the real backend says."""
        return self.backend.faults()

    async def check(self) -> None:
        """By the real backend."""
        await self.backend.check()

    async def close(self) -> None:
        """Others still need them."""

    async def interpret(
        self, *items: Samples | Flush, spec: SessionSpec | None = None
    ) -> list[InterpreterEvent]:
        """One session, as fast as the models go: everything that comes of `items`."""
        audio: Channel[AudioInput] = Channel(_AHEAD_S, _weight_s)
        events: Channel[InterpreterEvent] = Channel(100_000)
        interpreter = self.open(spec or SessionSpec("zh", "en", previews=False), NoTelemetry())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(interpreter.interpret(audio, events))
            for item in items:
                for piece in [item] if isinstance(item, Flush) else _pieces(item):
                    await audio.send(piece)
            await audio.close()
        await events.close()
        return [event async for event in events]


@dataclass
class _Counted:
    engines: Engines
    interpreter: Interpreter

    async def interpret(
        self, audio: Channel[AudioInput], events: Channel[InterpreterEvent]
    ) -> None:
        self.engines.running += 1
        try:
            await self.interpreter.interpret(audio, events)
        except asyncio.CancelledError:
            self.engines.cancelled += 1
            raise
        finally:
            self.engines.running -= 1


@dataclass
class Faulty:
    """Stands before a part of an engine; its `method` raises while `failures` are left."""

    part: Any
    method: str
    error: type[Exception] = RuntimeError
    failures: float = 0
    raised: int = field(default=0)

    def __getattr__(self, name: str) -> Any:
        if name == self.method and self.failures > 0:
            self.failures -= 1
            self.raised += 1
            raise self.error("the device is lost")
        return getattr(self.part, name)


@contextmanager
def faulty(
    owner: Any, name: str, method: str, error: type[Exception] = RuntimeError
) -> Iterator[Faulty]:
    """Put a `Faulty` before the part `owner.name` for the block."""
    part = getattr(owner, name)
    proxy = Faulty(part, method, error)
    setattr(owner, name, proxy)
    try:
        yield proxy
    finally:
        setattr(owner, name, part)


def recording(name: str, seconds: float | None = None) -> Samples:
    """A recording of tests/data from its beginning, 16 kHz mono, shape (n,)."""
    samples, rate = soundfile.read(DATA / f"{name}.flac", dtype="float32")
    assert rate == SAMPLE_RATE
    return np.asarray(samples[: None if seconds is None else round(seconds * rate)], np.float32)


def reference(name: str, seconds: float = 1e9) -> str:
    """What is said in it, as far as its segments end within `seconds`."""
    document = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return "".join(part["source"] for part in document["segments"] if part["end"] <= seconds)


def cer(expected: str, heard: str) -> float:
    """Character error rate."""
    rate = error_rate(expected, heard, "zh").rate
    assert rate is not None
    return rate


def of(events: Sequence[InterpreterEvent], kind: type[E]) -> list[E]:
    """The events of one type."""
    return [event for event in events if isinstance(event, kind)]


def source_of(events: Sequence[InterpreterEvent]) -> str:
    """All that was committed, in the speaker's language."""
    return "".join(chunk.source for chunk in of(events, ChunkFinal))


def english_of(events: Sequence[InterpreterEvent]) -> str:
    """All that was committed, in English."""
    return " ".join(chunk.translation for chunk in of(events, ChunkFinal)).lower()


def deltas_of(events: Sequence[InterpreterEvent], chunk: int) -> str:
    """The deltas of one chunk, joined."""
    return "".join(e.delta for e in of(events, TranslationDelta) if e.chunk == chunk)


def _pieces(samples: Samples) -> Iterator[Audio]:
    for start in range(0, len(samples), _PIECE):
        yield Audio(samples[start : start + _PIECE])


def _weight_s(item: AudioInput) -> float:
    return item.duration_s if isinstance(item, Audio) else 0.0
