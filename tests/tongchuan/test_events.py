"""Events parse from what the contract says, and from what newer servers may say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchuan import events
from tongchuan.errors import ProtocolError
from tongchuan.events import parse

HEAD = {"seq": 3, "at_ms": 40}
CONTRACT: list[tuple[dict[str, Any], events.Event]] = [
    (
        {
            "type": "session.started",
            "session_id": "a",
            "resume_token": "b",
            "protocol": 1,
            "profile": "embedded",
            "source": "zh",
            "target": "en",
            "limits": {"max_frame_bytes": 9, "max_lag_ms": 8},
        },
        events.SessionStarted(3, 40, "a", "zh", "en", events.Limits(9, 8), "b", 1, "embedded"),
    ),
    ({"type": "speech.started", "audio_ms": 5}, events.SpeechStarted(3, 40, 5)),
    ({"type": "speech.stopped", "audio_ms": 6}, events.SpeechStopped(3, 40, 6)),
    (
        {"type": "transcript.partial", "text": "你好", "start_ms": 1, "end_ms": 2},
        events.TranscriptPartial(3, 40, "你好", 1, 2),
    ),
    ({"type": "translation.preview", "text": ""}, events.TranslationPreview(3, 40, "")),
    (
        {"type": "translation.delta", "chunk": 1, "delta": "He"},
        events.TranslationDelta(3, 40, 1, "He"),
    ),
    (
        {
            "type": "chunk.final",
            "chunk": 1,
            "source": "你好",
            "translation": "Hello",
            "start_ms": 0,
            "end_ms": 9,
            "lag_ms": 7,
            "terms": [{"source": "好", "target": "good"}],
        },
        events.ChunkFinal(3, 40, 1, "你好", "Hello", 0, 9, 7, (events.Term("好", "good"),)),
    ),
    ({"type": "audio.ack", "received_ms": 5}, events.AudioAck(3, 40, 5)),
    ({"type": "flushed", "marker": "m"}, events.Flushed(3, 40, "m")),
    ({"type": "notice", "code": "lagging", "message": "x"}, events.Notice(3, 40, "lagging", "x")),
    (
        {"type": "error", "code": "c", "message": "x", "fatal": True, "retry_after_s": 5},
        events.ErrorEvent(3, 40, "c", "x", True, 5.0),
    ),
    (
        {"type": "session.ended", "audio_ms": 5, "chunks": 2, "lag_ms": {"p50": 1, "p95": 2}},
        events.SessionEnded(3, 40, 5, 2, events.LagSummary(1, 2)),
    ),
]


@pytest.mark.parametrize(("raw", "event"), CONTRACT, ids=lambda value: type(value).__name__)
def test_the_contract(raw: dict[str, Any], event: events.Event) -> None:
    assert parse(json.dumps({**raw, **HEAD})) == event


@pytest.mark.parametrize(("raw", "event"), CONTRACT, ids=lambda value: type(value).__name__)
def test_fields_of_a_newer_server_are_ignored(raw: dict[str, Any], event: events.Event) -> None:
    newer = {**raw, **HEAD, "confidence": {"deep": [1]}}
    if "limits" in raw:
        newer["limits"] = {**raw["limits"], "max_speakers": 4}
    assert parse(json.dumps(newer)) == event


def test_every_type_of_the_contract_is_known() -> None:
    assert {raw["type"] for raw, _event in CONTRACT} == set(events.EVENT_TYPES)


def test_an_unknown_type_is_kept_whole() -> None:
    event = parse('{"type": "speaker.changed", "seq": 9, "at_ms": 1, "name": "Li"}')
    assert isinstance(event, events.UnknownEvent)
    assert (event.seq, event.type, event.fields["name"]) == (9, "speaker.changed", "Li")


def test_no_chunks_no_percentiles() -> None:
    event = parse(
        '{"type": "session.ended", "seq": 1, "at_ms": 0, "lag_ms": {"p50": null, "p95": null}}'
    )
    assert isinstance(event, events.SessionEnded)
    assert event.lag_ms == events.LagSummary(None, None)


def test_a_fraction_of_a_millisecond_is_rounded() -> None:
    event = parse('{"type": "audio.ack", "seq": 1, "at_ms": 1.6, "received_ms": 20.4}')
    assert event == events.AudioAck(1, 2, 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", '"type"'),
        ('{"type": 3}', '"type"'),
        ('{"type": "audio.ack", "seq": 1, "at_ms": 0}', "'received_ms'"),
        ('{"type": "flushed", "seq": 1, "at_ms": 0, "marker": 4}', "flushed.marker should be str"),
        ('{"type": "flushed", "seq": true, "at_ms": 0, "marker": "m"}', "flushed.seq"),
        ('{"type": "flushed", "seq": NaN, "at_ms": 0, "marker": "m"}', "finite"),
        ('{"type": "x", "seq": "1"}', "x.seq should be int, not str"),
        ('{"type": "session.ended", "seq": 1, "at_ms": 0, "lag_ms": 3}', "JSON object, not int"),
    ],
)
def test_what_is_no_event_is_named(text: str, words: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(text)
    assert words in str(caught.value)


def test_a_binary_frame_is_no_event() -> None:
    with pytest.raises(ProtocolError, match="binary"):
        parse(b"{}")


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    kind=st.sampled_from([*events.EVENT_TYPES, "other"]),
    fields=st.dictionaries(
        st.sampled_from(["seq", "at_ms", "text", "chunk", "limits", "terms", "lag_ms", "code"]),
        anything,
    ),
)
def test_any_json_parses_or_is_refused(kind: str, fields: dict[str, Any]) -> None:
    try:
        event = parse(json.dumps({**fields, "type": kind}))
    except ProtocolError:
        return
    assert isinstance(event, events.Event)
