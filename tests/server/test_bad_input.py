"""Every row of the table "bad input", over a real socket."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from models.errors import EngineError, TongchuanError
from server.wire import CODES
from tests.fakes import FakeBackend, FakePlan, tone
from tests.server.live import START, Live, Talk, eventually, live, masked
from tests.server.test_talks import check_order, say

AUDIO = START["audio"]

# (what the client sends, code, field, words that the message must have)
UNREADABLE: dict[str, tuple[Any, str, str | None, tuple[str, ...]]] = {
    "not JSON": ("hello", "invalid_json", None, ("JSON",)),
    "empty text": ("", "invalid_json", None, ("JSON",)),
    "half JSON": ('{"type": "flush"', "invalid_json", None, ("JSON",)),
    "NaN": ('{"type": NaN}', "invalid_json", None, ("NaN",)),
    "Infinity": ('{"type": "flush", "marker": -Infinity}', "invalid_json", None, ("Infinity",)),
    "an array": ("[]", "invalid_message", None, ("object", "array")),
    "a string": ('"flush"', "invalid_message", None, ("object", "string")),
    "null": ("null", "invalid_message", None, ("object", "null")),
    "deep nesting": ("[" * 100_000, "invalid_json", None, ("deep",)),
    "deep objects": ('{"a":' * 40_000, "invalid_json", None, ("deep",)),
    "a huge number": ('{"type": ' + "9" * 5000 + "}", "invalid_json", None, ()),
    "a field twice": ('{"type":"flush","type":"flush"}', "invalid_json", None, ("type", "twice")),
    "no type": ({}, "invalid_field", "type", ("session.start", "flush")),
    "type is a number": ({"type": 7}, "invalid_field", "type", ("session.start", "integer")),
    "unknown type": ({"type": "hello"}, "unknown_type", "type", ("hello", "session.start")),
    "half a surrogate pair": ('{"type": "\\ud800"}', "invalid_field", "type", ("surrogate",)),
    "a twice-written surrogate": ('{"\\ud800":1,"\\ud800":2}', "invalid_json", None, ("twice",)),
}

# (fields over those of a good start, code, field, words)
BAD_STARTS: dict[str, tuple[dict[str, Any], str, str, tuple[str, ...]]] = {
    "unknown source": ({"source": "fr"}, "unsupported_language", "source", ("auto", "zh", "en")),
    "unknown target": ({"target": "xx-YY"}, "unsupported_language", "target", ("zh", "en")),
    "auto target": ({"target": "auto"}, "unsupported_language", "target", ("zh", "en")),
    "same languages": ({"target": "cmn"}, "unsupported_language", "target", ("differ", "en")),
    "source is a number": ({"source": 1}, "invalid_field", "source", ("zh", "integer")),
    "audio is text": ({"audio": "pcm"}, "invalid_field", "audio", ("encoding", "string")),
    "encoding": (
        {"audio": {**AUDIO, "encoding": "mp3"}},
        "unsupported_audio",
        "audio.encoding",
        ("mp3", "pcm_s16le", "pcm_f32le", "mulaw", "alaw"),
    ),
    "rate": (
        {"audio": {**AUDIO, "sample_rate": 96_000}},
        "unsupported_audio",
        "audio.sample_rate",
        ("96000", "8000", "48000"),
    ),
    "rate is text": (
        {"audio": {**AUDIO, "sample_rate": "16000"}},
        "invalid_field",
        "audio.sample_rate",
        ("integer", "string"),
    ),
    "rate is true": (
        {"audio": {**AUDIO, "sample_rate": True}},
        "invalid_field",
        "audio.sample_rate",
        ("integer", "boolean"),
    ),
    "channels": (
        {"audio": {**AUDIO, "channels": 6}},
        "unsupported_audio",
        "audio.channels",
        ("6", "1 or 2"),
    ),
    "no channels": (
        {"audio": {"encoding": "alaw", "sample_rate": 8000}},
        "invalid_field",
        "audio.channels",
        ("missing", "1 or 2"),
    ),
    "terms is an object": ({"terms": {}}, "invalid_field", "terms", ("array", "object")),
    "a term is text": ({"terms": ["同传"]}, "invalid_field", "terms[0]", ("object", "string")),
    "a term without target": (
        {"terms": [{"source": "a", "target": "b"}, {"source": "c"}]},
        "invalid_field",
        "terms[1].target",
        ("missing",),
    ),
    "an empty term": (
        {"terms": [{"source": " ", "target": "b"}]},
        "invalid_field",
        "terms[0].source",
        ("empty",),
    ),
    "a long term": (
        {"terms": [{"source": "a" * 201, "target": "b"}]},
        "invalid_field",
        "terms[0].source",
        ("201", "200"),
    ),
    "too many terms": (
        {"terms": [{"source": "a", "target": "b"}] * 1001},
        "invalid_field",
        "terms",
        ("1001", "1000"),
    ),
    "a glossary is a number": ({"glossaries": [1]}, "invalid_field", "glossaries[0]", ("string",)),
    "a long context": ({"context": "x" * 4001}, "invalid_field", "context", ("4001", "4000")),
    "previews is text": ({"previews": "no"}, "invalid_field", "previews", ("true", "string")),
    "context is null": ({"context": None}, "invalid_field", "context", ("string", "null")),
}


def check_error(
    talk: Talk, code: str, field: str | None, words: tuple[str, ...], *, fatal: bool
) -> None:
    error = talk.last_error()
    assert error["code"] == code
    assert error["code"] in CODES
    assert error["fatal"] is fatal
    assert error.get("field") == field
    assert all(word in error["message"] for word in words), error["message"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Live]:
    async with live() as running:
        yield running


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", UNREADABLE)
async def test_unreadable_before_the_start_is_fatal(server: Live, name: str) -> None:
    sent, code, field, words = UNREADABLE[name]
    async with server.talk() as talk:
        await talk.send(sent)
        assert await talk.rest() == 4400
        check_error(talk, code, field, words, fatal=True)


async def test_unreadable_in_a_session_is_ignored(server: Live) -> None:
    async with server.started() as talk:
        for sent, code, field, words in UNREADABLE.values():
            await talk.send(sent)
            await talk.until("error")
            check_error(talk, code, field, words, fatal=False)
        await talk.send({"type": "flush"})
        await talk.until("error")
        check_error(talk, "invalid_field", "marker", ("missing",), fatal=False)
        await talk.send({"type": "flush", "marker": 1})
        await talk.until("error")
        check_error(talk, "invalid_field", "marker", ("string", "integer"), fatal=False)
        await talk.send(tone(0.2), {"type": "session.end"})
        assert await talk.rest() == 1000
        assert talk.events[-1]["chunks"] == 1
        check_order(talk.events)


@pytest.mark.parametrize("name", BAD_STARTS)
async def test_bad_starts_name_the_field_and_what_it_accepts(server: Live, name: str) -> None:
    fields, code, field, words = BAD_STARTS[name]
    async with server.talk() as talk:
        await talk.send({**START, **fields})
        assert await talk.rest() == 4400
        check_error(talk, code, field, words, fatal=True)


@pytest.mark.parametrize("missing", ["source", "target", "audio"])
async def test_a_start_without_a_field(server: Live, missing: str) -> None:
    async with server.talk() as talk:
        await talk.send({name: value for name, value in START.items() if name != missing})
        assert await talk.rest() == 4400
        check_error(talk, "invalid_field", missing, ("missing",), fatal=True)


async def test_unknown_glossaries_are_told_and_left_out(server: Live) -> None:
    async with server.started(glossaries=["medicine"]) as talk:
        await talk.until("error")
        check_error(talk, "unknown_glossary", "glossaries[0]", ("medicine", "terms"), fatal=False)
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([tone(0.1)], ("audio", "before session.start")),
        ([b""], ("audio", "before session.start")),
        ([{"type": "flush", "marker": "m"}], ("flush", "before session.start")),
        ([{"type": "session.end"}], ("session.end", "before session.start")),
        ([START, START], ("session.start", "has started")),
        ([START, {"type": "session.resume"}], ("session.resume", "has started")),
    ],
)
async def test_messages_out_of_order(server: Live, sent: list[Any], words: tuple[str, ...]) -> None:
    async with server.talk() as talk:
        await talk.send(*sent)
        assert await talk.rest() == 4400
        check_error(talk, "out_of_order", None, words, fatal=True)


async def test_resume_is_refused_in_clear_words(server: Live) -> None:
    async with server.talk() as talk:
        await talk.send(
            {"type": "session.resume", "session_id": "x", "resume_token": "y", "last_seq": 3}
        )
        assert await talk.rest() == 4400
        check_error(talk, "resume_unsupported", "type", ("session.start",), fatal=True)


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


async def test_a_frame_at_the_limit_passes(server: Live) -> None:
    async with server.started() as talk:
        await talk.send(bytes(server.hub.settings.limits.max_frame_bytes // 2))
        await talk.send({"type": "flush", "marker": "x" * 256})
        await talk.until("flushed")


async def test_two_megabytes_of_terms(server: Live) -> None:
    terms = [{"source": "词" * 100, "target": "w" * 100}] * 4000
    async with server.talk() as talk:
        await talk.send({**START, "terms": terms})
        assert await talk.rest() == 4413


async def test_huge_frames_in_many_pieces(server: Live) -> None:
    async with server.started() as talk:

        async def flood() -> Any:
            for _ in range(64):
                yield bytes(1 << 20)

        with suppress(ConnectionClosed):
            await talk.socket.send(flood())
        assert await talk.rest() == 4413


async def test_odd_bytes_are_carried_over(server: Live) -> None:
    async with server.started() as talk:
        audio = tone(0.4)
        for start in range(0, len(audio), 333):
            await talk.send(audio[start : start + 333])
        await talk.send(b"", b"\x01", {"type": "session.end"})
        assert await talk.rest() == 1000
        assert not talk.of("error")
        assert talk.events[-1]["audio_ms"] == 400


async def test_wild_floats_are_cleaned_and_clipped_with_one_notice(server: Live) -> None:
    wild = np.tile(np.array([np.nan, np.inf, -np.inf, 9.0, -9.0, 0.5], dtype="<f4"), 800)
    audio = {"encoding": "pcm_f32le", "sample_rate": 16000, "channels": 1}
    async with server.started(audio=audio) as talk:
        for _ in range(3):
            await talk.send(wild.tobytes())
        await talk.send({"type": "session.end"})
        assert await talk.rest() == 1000
        codes = sorted(notice["code"] for notice in talk.of("notice"))
        assert codes == ["audio_cleaned", "audio_clipped"]
        heard = np.concatenate(server.backend.interpreters[-1].heard)
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() <= 1.0


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
        async with asyncio.timeout(1.0):  # the limit, not a measurement
            await server.empty()
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


async def test_text_that_is_not_utf_8(server: Live) -> None:
    raw = await server.raw()
    try:
        raw.sendall(masked(b'{"type": "\xff\xfe"}', 1))
        reply = await asyncio.to_thread(raw.recv, 1024)
        assert int.from_bytes(reply[2:4], "big") == 1007  # the WebSocket standard's own code
    finally:
        raw.close()
    await server.empty()


async def test_a_frame_that_breaks_the_websocket_standard(server: Live) -> None:
    raw = await server.raw()
    try:
        raw.sendall(b"\x83\x80\x00\x00\x00\x00")  # a reserved opcode
        reply = await asyncio.to_thread(raw.recv, 1024)
        assert int.from_bytes(reply[2:4], "big") == 1002
    finally:
        raw.close()
    await server.empty()
