"""A replay over a real socket, against a server without models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import inputs
from evaluation.conversation import first_error
from evaluation.replay import replay
from models.errors import EngineError, TongchuanError
from tests.fakes import FakeBackend, FakePlan
from tests.server.live import live
from tongchuan.errors import ConnectError, SessionFailedError
from tongchuan.events import ChunkFinal, SessionEnded

DATA = Path(__file__).resolve().parent.parent / "data"
SHORT = inputs.load(DATA, "zh-short").recordings[0]


async def test_all_of_the_audio_is_sent_and_every_event_kept() -> None:
    async with live(FakeBackend(FakePlan(chunk_ms=1000))) as server:
        log = await replay(SHORT, f"ws://127.0.0.1:{server.port}", speed=8, terms=SHORT.terms())
    last = log.received[-1]
    assert isinstance(last.event, SessionEnded)
    assert last.event.audio_ms == last.sent_ms == round(log.duration_s * 1000 - 0.5)
    assert any(isinstance(item.event, ChunkFinal) for item in log.received)
    times = [item.at_s for item in log.received]
    assert times == sorted(times)
    assert [item.event.seq for item in log.received] == list(range(2, len(times) + 2))


async def test_audio_is_never_sent_before_it_is_spoken() -> None:
    async with live(FakeBackend(FakePlan(chunk_ms=200))) as server:
        log = await replay(SHORT, f"ws://127.0.0.1:{server.port}", speed=4)
    assert all(item.sent_ms <= item.at_s * 1000 * log.speed + 1 for item in log.received)


async def test_a_failing_session_says_why() -> None:
    plan = FakePlan(chunk_ms=400, fail_at=1, error=lambda: EngineError("the model is gone"))
    async with live(FakeBackend(plan)) as server:
        with pytest.raises(SessionFailedError, match="model is gone"):
            await replay(SHORT, f"ws://127.0.0.1:{server.port}", speed=8)


async def test_no_server() -> None:
    with pytest.raises(ConnectError):
        await replay(replace(SHORT), "ws://127.0.0.1:9")


def test_our_own_error_is_found_in_a_group() -> None:
    ours = TongchuanError("ours")
    nested = BaseExceptionGroup("", [ValueError("x"), ExceptionGroup("", [ours])])
    assert first_error(nested) is ours
    foreign = ExceptionGroup("", [ValueError("x")])
    assert first_error(foreign) is foreign
