"""Clients that misbehave, with real weights: they get their due, and others get their English."""

from __future__ import annotations

import asyncio
import json
import socket
import struct

from tests.real.engines import REAL, Engines, cer, recording, reference
from tests.real.serving import english, finish, interpreted, pcm, say, serving, source
from tests.server.live import START, check_error, eventually, masked
from tests.server.test_talks import check_order

pytestmark = REAL

SPEECH = pcm(recording("zh-short"))
SAID = reference("zh-short")


async def test_audio_too_fast_gets_what_it_is_owed_first(engines: Engines) -> None:
    async with serving(engines, limits={"max_buffer_s": 3.0}) as server:
        async with server.started() as talk:
            await say(talk, SPEECH)
            assert await talk.rest() == 4429
        check_error(talk, "too_fast", None, ("3 s", "real time"), fatal=True)
        check_order(talk.events)
        assert talk.events[-1]["type"] == "session.ended"
        assert 2800 <= talk.events[-1]["audio_ms"] <= 3200
        assert "明天" in source(talk.events)
        assert "library" in english(talk.events)
        await server.empty()


async def test_clients_that_fall_silent(engines: Engines) -> None:
    limits = {"start_timeout_s": 0.3, "idle_timeout_s": 1.0}
    async with serving(engines, limits=limits) as server:
        async with server.talk() as mute:
            assert await mute.rest() == 4408
        check_error(mute, "start_timeout", None, ("session.start", "0.3 s"), fatal=True)
        async with server.started() as talk:
            await say(talk, SPEECH)
            assert await talk.rest() == 4408
        check_error(talk, "idle_timeout", None, ("1 s",), fatal=True)
        check_order(talk.events)
        assert cer(SAID, source(talk.events)) <= 0.2
        assert "library" in english(talk.events)
        await server.empty()


async def test_a_client_that_reads_nothing_is_dropped_and_others_go_on(engines: Engines) -> None:
    limits = {"send_timeout_s": 1.0, "max_marker_chars": 10_000}
    async with serving(engines, limits=limits, send_buffer=4096, max_sessions=2) as server:
        deaf = await server.raw()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            deaf.sendall(masked(json.dumps(START).encode(), 1))
            for start in range(0, len(SPEECH), 32_000):
                deaf.sendall(masked(SPEECH[start : start + 32_000], 2))
            flush = json.dumps({"type": "flush", "marker": "x" * 9000}).encode()
            async with server.started() as talk:
                for _ in range(60):  # each will be answered with as much
                    deaf.sendall(masked(flush, 1))
                    await asyncio.sleep(0)
                await say(talk, SPEECH)
                events = await finish(talk)
            assert cer(SAID, source(events)) <= 0.2
            assert "library" in english(events)
            await server.empty()
            assert server.metric("tongchuan_closes_total", code="send_timeout") == 1
        finally:
            deaf.close()


async def test_a_socket_that_drops_mid_sentence_frees_its_slot(engines: Engines) -> None:
    async with serving(engines, max_sessions=1) as server:
        before = engines.cancelled
        raw = await server.raw()
        raw.sendall(masked(json.dumps(START).encode(), 1))
        await eventually(lambda: engines.running)
        for start in range(0, len(SPEECH) * 3 // 4, 32_000):
            raw.sendall(masked(SPEECH[start : start + 32_000], 2))
        await eventually(lambda: server.metric("tongchuan_model_seconds_count", stage="decode"))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        await server.empty()
        assert engines.cancelled == before + 1
        assert "library" in english(await interpreted(server, SPEECH))


async def test_more_sessions_than_slots(engines: Engines) -> None:
    async with serving(engines, max_sessions=1) as server, server.started() as first:
        async with server.talk() as second:
            await second.send(START)
            assert await second.rest() == 1013
        check_error(second, "no_free_slot", None, ("slots",), fatal=True)
        assert 1 <= second.last_error()["retry_after_s"] <= 120
        await say(first, SPEECH)
        assert "library" in english(await finish(first))
