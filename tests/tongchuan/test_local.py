"""A session in this process says what one over a socket would."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from models.errors import ConfigError, EngineError
from models.events import Notice as HeardNotice
from tests.fakes import FakeBackend, FakePlan
from tests.server.live import eventually, live
from tests.tongchuan.received import into, rest
from tests.tongchuan.sounds import tone
from tongchuan import (
    ChunkFinal,
    ErrorEvent,
    Event,
    Flushed,
    Interpreter,
    Notice,
    SessionEnded,
    Term,
)
from tongchuan.errors import SessionStateError
from tongchuan.local import LocalInterpreter


async def test_the_same_events_as_over_a_socket() -> None:
    terms = [Term("同传", "Tongchuan")]
    local = FakeBackend()
    async with LocalInterpreter(local, terms=terms, context="c") as session:
        await session.send(tone(0.5))
        await session.flush("m")
        await session.send(tone(0.1))
        await session.end()
        here = await rest(session)
    async with live() as server:
        url = f"ws://127.0.0.1:{server.port}"
        async with Interpreter(url, terms=terms, context="c", encoding="pcm_f32le") as remote:
            await remote.send(tone(0.5))
            await remote.flush("m")
            await remote.send(tone(0.1))
            await remote.end()
            there = [event async for event in remote if type(event).__name__ != "AudioAck"]
        assert local.specs == server.backend.specs

    def timeless(events: list[Event]) -> list[str]:
        return [
            f"{type(e).__name__} {getattr(e, 'translation', '')} {getattr(e, 'end_ms', '')}"
            for e in events
        ]

    assert timeless(here) == timeless(there)
    assert [event.seq for event in here] == list(range(2, len(here) + 2))
    ended = here[-1]
    assert isinstance(ended, SessionEnded)
    assert (ended.audio_ms, ended.chunks) == (600, 4)
    assert ended.lag_ms.p50 is not None
    assert any(isinstance(event, Flushed) for event in here)


async def test_who_sends_faster_than_the_models_waits() -> None:
    gate = asyncio.Event()
    async with LocalInterpreter(FakeBackend(FakePlan(gate=gate))) as session:
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(100):
                await session.send(np.zeros(16_000, np.float32))
                sent += 1

        task = asyncio.ensure_future(send())
        await asyncio.sleep(0.05)
        assert sent < 10
        gate.set()
        await eventually(lambda: sent == 100)
        await task
        await session.end()
        ended = (await rest(session))[-1]
        assert isinstance(ended, SessionEnded)
        assert ended.audio_ms == 100_000


async def test_what_the_models_raise_comes_after_the_events() -> None:
    plan = FakePlan(fail_at=2, error=lambda: EngineError("out of luck"))
    async with LocalInterpreter(FakeBackend(plan)) as session:
        await session.send(tone(0.5))
        await session.end()
        events: list[Event] = []
        with pytest.raises(EngineError, match="out of luck"):
            await into(events, session)
        assert sum(isinstance(event, ChunkFinal) for event in events) == 1
        with pytest.raises(SessionStateError):
            await session.send(tone(0.1))


async def test_lost_chunks_and_notices() -> None:
    plan = FakePlan(failures=frozenset({1}), noisy=(HeardNotice("lagging", "slow"),))
    async with LocalInterpreter(FakeBackend(plan)) as session:
        await session.send(tone(0.5))
        await session.end()
        events = await rest(session)
    assert any(isinstance(e, Notice) and e.code == "lagging" for e in events)
    assert [e.fatal for e in events if isinstance(e, ErrorEvent)] == [False]


async def test_leaving_early_frees_the_engines() -> None:
    backend = FakeBackend(FakePlan(gate=asyncio.Event()))
    async with LocalInterpreter(backend) as session:
        await session.send(tone(0.5))
        await eventually(lambda: backend.running)
    assert (backend.running, backend.cancelled) == (0, 1)


@pytest.mark.parametrize("codes", [{"source": "fr"}, {"target": "auto"}, {"target": "ja"}])
def test_languages_are_checked(codes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="zh, en"):
        LocalInterpreter(FakeBackend(), **codes)  # type: ignore[arg-type]


def test_languages_are_normalised() -> None:
    session = LocalInterpreter(FakeBackend(), source="zh-CN", target="eng")
    assert (session.started.source, session.started.target) == ("zh", "en")
