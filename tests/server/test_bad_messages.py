"""Every row of the table "bad input", over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from tests.fakes import tone
from tests.server.live import START, Live, check_error, live, masked
from tests.server.test_talks import check_order

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


async def test_a_frame_at_the_limit_passes(server: Live) -> None:
    async with server.started() as talk:
        limits = server.hub.settings.limits
        await talk.send(bytes(limits.max_frame_bytes // 2))
        marker = "x" * limits.max_marker_chars
        await talk.send({"type": "flush", "marker": marker})
        assert (await talk.until("flushed"))["marker"] == marker
        assert talk.of("error") == []


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
