"""A cascade on fake engines, for tests: what it is fed, and its events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.cascade import Cascade
from models.channel import Channel
from models.config import ListeningConfig, ModelsConfig, PolicyConfig, SpeakingConfig
from models.events import (
    Audio,
    AudioInput,
    ChunkFinal,
    Flush,
    Flushed,
    InterpreterEvent,
    SessionSpec,
    TranslationDelta,
)
from models.load import Load
from models.recall.rating import Scorer
from tests.models.fakes_engines import (
    VOICE,
    Counts,
    FakeLLM,
    FakeWhisper,
    ears,
)

E = TypeVar("E")
SPEC = SessionSpec("zh", "en", previews=False)
CONFIG = ModelsConfig(
    listening=ListeningConfig(
        step_ms=400, window_s=6, trim_s=4, context_s=1.5, guard_ms=600, edge_ms=100, sure=0.5,
        pause_ms=300,
    ),
    policy=PolicyConfig(
        name="semantic", min_chars=3, max_lag_ms=4000, pause_ms=400, boundary=0.5,
        boundary_after_ms=0,
    ),
    speaking=SpeakingConfig(
        memory_tokens=400, max_ratio=10, preview_interval_ms=0, preview_least=1, preview_load=1.0
    ),
)  # fmt: skip


class Session:
    """One cascade, fed as fast as it listens, and its events so far."""

    def __init__(
        self,
        whisper: FakeWhisper | None = None,
        llm: FakeLLM | None = None,
        config: ModelsConfig = CONFIG,
        spec: SessionSpec = SPEC,
        scorer: Scorer | None = None,
    ) -> None:
        self.whisper = whisper or FakeWhisper()
        self.llm = llm or FakeLLM()
        self.counts = Counts()
        self.audio: Channel[AudioInput] = Channel(
            300.0, weight=lambda item: item.duration_s if isinstance(item, Audio) else 0.0
        )
        self.channel: Channel[InterpreterEvent] = Channel(2000)
        self.events: list[InterpreterEvent] = []
        self.cascade = Cascade(
            ears(self.whisper), self.llm, config, spec, self.counts, Load(), scorer
        )
        self.task = asyncio.create_task(self.cascade.interpret(self.audio, self.channel))

    async def say(self, *parts: NDArray[np.float32] | Flush) -> None:
        """Send what follows in pieces of 100 ms, each when the one before was taken."""
        for part in parts:
            if isinstance(part, Flush):
                await self.audio.send(part)
                continue
            for at in range(0, len(part), 1600):
                await self.audio.send(Audio(part[at : at + 1600]))
                await self.until(lambda: not len(self.audio))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for it; a session that ends before is an error."""
        async with asyncio.timeout(60):
            while not true():
                if self.task.done():
                    self.task.result()
                    assert true(), "the session ended"
                    return
                await asyncio.sleep(0)
                await self._take()

    async def _take(self) -> None:
        while (event := await self.channel.receive_now()) is not None:
            self.events.append(event)

    async def end(self) -> None:
        """No more audio: wait for the rest."""
        await self.audio.close()
        async with asyncio.timeout(60):
            await self.task
        await self._take()

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def session(
    whisper: FakeWhisper | None = None,
    llm: FakeLLM | None = None,
    config: ModelsConfig = CONFIG,
    spec: SessionSpec = SPEC,
    scorer: Scorer | None = None,
) -> AsyncIterator[Session]:
    """A session that leaves nothing behind, however its test ends."""
    before = asyncio.all_tasks()
    talk = Session(whisper, llm, config, spec, scorer)
    try:
        yield talk
    finally:
        talk.task.cancel()
        await asyncio.gather(talk.task, return_exceptions=True)
    assert asyncio.all_tasks() == before
    assert talk.llm.lanes == 0
    assert talk.llm.generating == 0


def changed(config: ModelsConfig = CONFIG, **groups: dict[str, object]) -> ModelsConfig:
    """CONFIG with other values in some groups."""
    return config.model_copy(
        update={
            name: getattr(config, name).model_copy(update=values) for name, values in groups.items()
        }
    )


def sentence(length: int, seed: int = 0) -> str:
    chance = random.Random(seed)
    out = chance.choice(VOICE[:14])
    while len(out) < length:
        out += chance.choice([char for char in VOICE[:14] if char != out[-1]])
    return out


def check_order(talk: Session) -> None:
    """What must hold for the events of any session."""
    begun = 0
    open_deltas = ""
    ended_ms = 0
    for event in talk.events:
        if isinstance(event, TranslationDelta):
            assert event.chunk == begun + 1
            assert event.delta
            open_deltas += event.delta
        elif isinstance(event, ChunkFinal):
            begun += 1
            assert event.chunk == begun
            assert event.translation == open_deltas
            assert ended_ms <= event.start_ms <= event.end_ms <= event.heard_ms
            ended_ms, open_deltas = event.end_ms, ""
        elif isinstance(event, Flushed):
            assert not open_deltas, "a flush is answered between chunks"
    assert not open_deltas
