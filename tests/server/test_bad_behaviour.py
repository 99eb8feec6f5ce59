"""Bad behaviour over a real socket: too much, too fast, too slow, gone; and engines that fail."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from typing import Any

import pytest

from models.errors import EngineError, TongchuanError
from tests.fakes import FakeBackend, FakePlan, tone
from tests.server.live import START, check_error, eventually, live, masked
from tests.server.test_talks import check_order, say


@pytest.mark.parametrize(
    "late", [tone(0.1), {"type": "flush", "marker": ""}, {"type": "session.end"}, START, "{"]
)
async def test_anything_after_the_end_closes_at_once(late: Any) -> None:
    gate = asyncio.Event()
    async with live(FakeBackend(FakePlan(gate=gate))) as slow, slow.started() as talk:
        await talk.send(tone(0.3), {"type": "session.end"}, late)
        assert await talk.rest() == 4400
        check_error(talk, "out_of_order", None, ("after session.end",), fatal=True)
        await slow.empty()
        assert slow.backend.cancelled == 1


@pytest.mark.parametrize("size", [1025, 2048, 2049, 300_000])
@pytest.mark.parametrize("text", [False, True])
async def test_frames_over_the_limit(size: int, text: bool) -> None:
    limits = {"max_frame_bytes": 1024, "max_text_bytes": 1024}
    async with live(limits=limits) as small, small.started() as talk:
        await talk.send("x" * size if text else bytes(size))
        assert await talk.rest() == 4413
        if size <= 2048:  # longer ones are refused by their header, without an event
            check_error(talk, "frame_too_large", None, (str(size), "1024"), fatal=True)
        await small.empty()


async def test_audio_too_fast_gets_what_it_is_owed_first() -> None:
    limits = {"max_buffer_s": 3.0, "max_backlog_s": 60.0}
    async with live(limits=limits) as strict, strict.started() as talk:
        assert talk.events[0]["limits"]["max_buffer_ms"] == 3000
        for _ in range(100):
            await talk.send(tone(0.1))
        assert await talk.rest() == 4429
        check_error(talk, "too_fast", None, ("3 s", "real time"), fatal=True)
        assert talk.events[-1]["type"] == "session.ended"
        assert talk.events[-1]["audio_ms"] >= 2900
        assert talk.events[-1]["chunks"] == math.ceil(talk.events[-1]["audio_ms"] / 200)
        check_order(talk.events)
        await strict.empty()


async def test_one_frame_of_too_much_audio() -> None:
    audio = {"encoding": "mulaw", "sample_rate": 8000, "channels": 1}
    async with live() as strict, strict.started(audio=audio) as talk:
        await talk.send(bytes(8000 * 31))
        assert await talk.rest() == 4429
        assert talk.events[-1]["audio_ms"] == 0


async def test_a_lagging_server_does_not_blame_the_client() -> None:
    gate = asyncio.Event()
    limits = {"lagging_s": 0.3}
    async with (
        live(FakeBackend(FakePlan(gate=gate)), limits=limits) as slow,
        slow.started() as talk,
    ):
        for _ in range(12):
            await talk.send(tone(0.1))
            await asyncio.sleep(0.1)  # real time
        notice = await talk.until("notice")
        assert notice["code"] == "lagging"
        gate.set()
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        assert len(talk.of("notice")) == 1
        assert talk.events[-1]["audio_ms"] == 1200
        assert talk.events[-1]["chunks"] == 6


async def test_a_server_too_far_behind_says_so_and_delivers() -> None:
    gate = asyncio.Event()
    limits = {"max_buffer_s": 1.0, "max_backlog_s": 1.05, "lagging_s": 9.0}
    async with (
        live(FakeBackend(FakePlan(gate=gate)), limits=limits) as slow,
        slow.started() as talk,
    ):
        for _ in range(20):
            await talk.send(tone(0.1))
            await asyncio.sleep(0.1)
        gate.set()
        assert await talk.rest() == 1013
        check_error(talk, "overloaded", None, ("behind",), fatal=True)
        assert talk.last_error()["retry_after_s"] >= 1
        assert talk.events[-1]["type"] == "session.ended"
        assert talk.events[-1]["chunks"] >= 4


async def test_no_start_in_time() -> None:
    async with live(limits={"start_timeout_s": 0.2}) as hasty, hasty.talk() as talk:
        assert await talk.rest() == 4408
        check_error(talk, "start_timeout", None, ("session.start", "0.2 s"), fatal=True)


async def test_no_audio_for_the_idle_limit() -> None:
    async with live(limits={"idle_timeout_s": 0.3}) as hasty, hasty.started() as talk:
        await talk.send(tone(0.5), b"")
        assert await talk.rest() == 4408
        check_error(talk, "idle_timeout", None, ("0.3 s",), fatal=True)
        assert talk.events[-1]["type"] == "session.ended"
        assert talk.events[-1]["chunks"] == 3  # what was owed came first
        check_order(talk.events)
        await hasty.empty()


async def test_an_interpreter_that_never_finishes_is_ended() -> None:
    backend = FakeBackend(FakePlan(gate=asyncio.Event()))
    async with live(backend, limits={"finish_timeout_s": 0.2}) as slow:
        async with slow.started() as talk:
            await talk.send(tone(0.5), {"type": "session.end"})
            assert await talk.rest() == 1011
            check_error(talk, "finish_timeout", None, ("lost",), fatal=True)
            assert talk.events[-1]["type"] == "session.ended"
        await slow.empty()


async def test_a_client_that_reads_nothing_is_dropped_and_others_go_on() -> None:
    backend = FakeBackend(FakePlan(chunk_ms=20, padding="x" * 4000))
    limits = {"send_timeout_s": 0.5, "max_buffer_s": 1000, "max_backlog_s": 2000}
    async with live(backend, limits=limits, send_buffer=4096) as server:
        deaf = await server.raw()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            deaf.sendall(masked(json.dumps(START).encode(), 1))
            async with server.started() as talk:
                for _ in range(40):
                    deaf.sendall(masked(tone(0.2), 2))
                    await asyncio.sleep(0)
                await say(talk, tone(0.4))
                await talk.send({"type": "session.end"})
                assert await talk.rest() == 1000
                assert talk.events[-1]["chunks"] == 20
            await server.empty()
            assert server.metric("tongchuan_closes_total", code="send_timeout") == 1
        finally:
            deaf.close()


@pytest.mark.parametrize("manner", ["reset", "close without a word", "close frame"])
async def test_a_client_that_leaves_mid_sentence_frees_its_slot(manner: str) -> None:
    backend = FakeBackend(FakePlan(delay_s=60))
    async with live(backend, max_sessions=1) as server:
        raw = await server.raw()
        raw.sendall(masked(json.dumps(START).encode(), 1))
        raw.sendall(masked(tone(0.5), 2))
        await eventually(lambda: backend.running)
        if manner == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if manner == "close frame":
            raw.sendall(masked((1001).to_bytes(2, "big"), 8))
        raw.close()
        await server.empty()  # long before the minute that the interpreter would have taken
        assert backend.cancelled == 1
        async with server.started():
            pass


async def test_more_sessions_than_slots() -> None:
    async with live(max_sessions=1) as server, server.started(), server.talk() as second:
        await second.send(START)
        assert await second.rest() == 1013
        check_error(second, "no_free_slot", None, ("slots",), fatal=True)
        assert 1 <= second.last_error()["retry_after_s"] <= 120
    async with live(max_sessions=1) as server:
        for _ in range(3):  # a slot comes back
            async with server.started() as talk:
                await talk.send({"type": "session.end"})
                assert await talk.rest() == 1000
            await server.empty()


async def test_too_many_sockets_that_never_start() -> None:
    async with live(limits={"max_waiting": 1}) as server, server.talk() as first:
        async with server.talk() as second:
            assert await second.rest() == 1013
            assert second.last_error()["retry_after_s"] == 1
        await first.start()


async def test_sessions_before_the_models_are_warm() -> None:
    backend = FakeBackend(start_gate=asyncio.Event())
    async with live(backend, warm=False) as server, server.talk() as talk:
        await talk.send(START)
        assert await talk.rest() == 1013
        check_error(talk, "not_ready", None, ("loading",), fatal=True)
        assert talk.last_error()["retry_after_s"] >= 1


FAULTS: dict[str, tuple[Exception, str, str]] = {
    "an engine": (EngineError("the LLM is gone"), "engine_failed", "the LLM is gone"),
    "in a group": (ExceptionGroup("", [EngineError("gone")]), "engine_failed", "gone"),
    "a bug": (ValueError("a secret"), "internal", "log"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_an_interpreter_that_fails_ends_its_session_alone(name: str) -> None:
    error, code, words = FAULTS[name]
    backend = FakeBackend(FakePlan(fail_at=2, error=lambda: error))
    async with live(backend) as server, server.started() as other:
        async with server.started() as talk:
            await talk.send(tone(1.0))
            assert await talk.rest() == 1011
            check_error(talk, code, None, (words,), fatal=True)
            assert "secret" not in talk.last_error()["message"]
            assert len(talk.of("chunk.final")) == 1
        await other.send(tone(0.2), {"type": "session.end"})
        assert await other.rest() == 1000
        backend.broken = ("the LLM does not answer",)
        ready = await server.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reason"] == "the LLM does not answer"
        assert (await server.get("/healthz")).status_code == 200


async def test_an_interpreter_that_cannot_be_opened_or_stops_by_itself() -> None:
    backend = FakeBackend(open_error=TongchuanError("no room for one more"))
    async with live(backend) as server, server.talk() as talk:
        await talk.send(START)
        assert await talk.rest() == 1011
        assert talk.last_error()["fatal"] is True
        await server.empty()
    async with (
        live(FakeBackend(FakePlan(return_early=True))) as server,
        server.started() as talk,
    ):
        await talk.send(tone(0.1))
        assert await talk.rest() == 1011
        check_error(talk, "engine_failed", None, ("stopped",), fatal=True)


async def test_too_many_flushes() -> None:
    gate = asyncio.Event()
    backend = FakeBackend(FakePlan(gate=gate))
    async with (
        live(backend, limits={"max_pending_flushes": 2}) as server,
        server.started() as talk,
    ):
        for n in range(4):
            await talk.send({"type": "flush", "marker": str(n)})
        await talk.until("error")
        await talk.until("error")
        check_error(talk, "too_many_flushes", None, ("2",), fatal=False)
        gate.set()
        await talk.until("flushed", marker="1")
        await talk.send({"type": "flush", "marker": "again"})
        await talk.until("flushed", marker="again")
        assert [event["marker"] for event in talk.of("flushed")] == ["0", "1", "again"]
        assert len(talk.of("error")) == 2
