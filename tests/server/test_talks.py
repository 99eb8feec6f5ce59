from __future__ import annotations

import asyncio

import pytest

from models.events import Notice
from tests.fakes import FakeBackend, FakePlan, silence, tone
from tests.server.live import Event, Talk, live


def check_order(events: list[Event]) -> None:
    """What holds for every session, whatever happened in it."""
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    times = [event["at_ms"] for event in events]
    assert times == sorted(times)
    deltas: dict[int, str] = {}
    finals: list[int] = []
    cut_off = 0
    for event in events:
        if event["type"] == "translation.delta":
            assert event["chunk"] not in finals
            deltas[event["chunk"]] = deltas.get(event["chunk"], "") + event["delta"]
        elif event["type"] == "chunk.final":
            finals.append(event["chunk"])
            assert event["translation"] == deltas.get(event["chunk"], "")
            assert cut_off <= event["end_ms"]
            assert event["lag_ms"] >= 0
            cut_off = event["end_ms"]
    assert finals == list(range(1, len(finals) + 1))
    ended = [event for event in events if event["type"] == "session.ended"]
    assert ended in ([], events[-1:])


async def say(talk: Talk, audio: bytes, frame_bytes: int = 3200) -> None:
    for start in range(0, len(audio), frame_bytes):
        await talk.send(audio[start : start + frame_bytes])


async def test_a_whole_session_from_the_contract_alone() -> None:
    terms = [{"source": "同传", "target": "Tongchuan"}]
    async with live() as server, server.talk(subprotocols=["tongchuan.v1"]) as talk:
        assert talk.socket.subprotocol == "tongchuan.v1"
        started = await talk.start(source="zh-CN", target="en-US", terms=terms, context="a talk")
        assert started["seq"] == 1
        assert started["at_ms"] == 0
        assert started["protocol"] == 1
        assert (started["source"], started["target"]) == ("zh", "en")
        assert started["profile"] == "embedded"
        assert started["session_id"]
        assert started["resume_token"]
        assert started["limits"]["max_frame_bytes"] == 1_048_576
        assert started["limits"]["max_lag_ms"] > 0
        await say(talk, tone(1.0) + silence(0.5) + tone(0.3))
        await talk.send({"type": "flush", "marker": "第一"})
        assert (await talk.until("flushed"))["marker"] == "第一"
        assert sum(event["type"] == "chunk.final" for event in talk.events) == 7
        await say(talk, tone(0.4))
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        check_order(talk.events)
        ended = talk.events[-1]
        assert ended["type"] == "session.ended"
        assert ended["audio_ms"] == 2200
        assert ended["chunks"] == len(talk.of("chunk.final")) == 9
        assert set(ended["lag_ms"]) == {"p50", "p95"}
        assert talk.of("chunk.final")[0]["terms"] == terms
        assert {"speech.started", "speech.stopped", "transcript.partial"} <= {
            event["type"] for event in talk.events
        }
        spec = server.backend.specs[0]
        assert (spec.source, spec.target, spec.context) == ("zh", "en", "a talk")
        await server.empty()


async def test_no_subprotocol_is_fine_and_an_unknown_one_is_not_chosen() -> None:
    async with live() as server:
        async with server.talk() as talk:
            assert talk.socket.subprotocol is None
        async with server.talk(subprotocols=["other"]) as talk:
            assert talk.socket.subprotocol is None


async def test_auto_source_and_no_previews() -> None:
    async with live() as server, server.started(source="auto", previews=False) as talk:
        await say(talk, tone(0.5))
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        assert not talk.of("translation.preview")
        assert talk.events[0]["source"] == "auto"


async def test_a_session_without_audio_has_no_lag() -> None:
    async with live() as server, server.started() as talk:
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        ended = talk.events[-1]
        assert (ended["audio_ms"], ended["chunks"]) == (0, 0)
        assert ended["lag_ms"] == {"p50": None, "p95": None}


@pytest.mark.parametrize("frame_bytes", [1, 3, 641, 100_000])
async def test_any_cut_of_the_bytes_is_the_same_session(frame_bytes: int) -> None:
    audio = tone(0.3)
    async with live() as server, server.started() as talk:
        await say(talk, audio, frame_bytes)
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        assert talk.events[-1]["audio_ms"] == 300
        assert server.backend.interpreters[0].heard_samples == 4800
        assert len(talk.of("chunk.final")) == 2
        check_order(talk.events)


async def test_audio_is_acknowledged() -> None:
    async with live() as server, server.started() as talk:
        acks: list[Event] = []
        while len(acks) < 2:
            await talk.send(silence(0.1))
            await asyncio.sleep(0.1)
            await talk.send({"type": "flush", "marker": ""})
            await talk.until("flushed")
            acks = talk.of("audio.ack")
        assert 0 < acks[0]["received_ms"] < acks[1]["received_ms"]


async def test_notices_and_failures_of_the_interpreter_reach_the_client() -> None:
    plan = FakePlan(noisy=(Notice("previews_paused", "busy"),), failures=frozenset({1}))
    async with live(FakeBackend(plan)) as server, server.started() as talk:
        await say(talk, tone(0.6))
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        assert talk.of("notice")[0]["code"] == "previews_paused"
        error = talk.last_error()
        assert (error["code"], error["fatal"]) == ("engine_failed", False)
        assert talk.of("chunk.final")
        check_order(talk.events)


async def test_sessions_run_side_by_side() -> None:
    async def one(server: object, seconds: float) -> int:
        assert hasattr(server, "started")
        async with server.started() as talk:
            await say(talk, tone(seconds))
            await talk.send({"type": "session.end"})
            assert await talk.rest() == 1000
            check_order(talk.events)
            chunks: int = talk.events[-1]["chunks"]
            return chunks

    async with live(FakeBackend(FakePlan(delay_s=0.01))) as server:
        counts = await asyncio.gather(*(one(server, 0.2 * n) for n in range(1, 5)))
        assert counts == [1, 2, 3, 4]
        await server.empty()
