"""What the server sends: typed, frozen, written as JSON once at the edge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from models.events import (
    ChunkFinal,
    Flushed,
    Notice,
    SpeechStarted,
    SpeechStopped,
    Term,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)


@dataclass(frozen=True, slots=True)
class Started:
    """`session.started`: ready for audio."""

    session_id: str
    resume_token: str
    profile: str
    source: str
    target: str
    limits: dict[str, int]


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """`chunk.final`, with the lag that only the server knows."""

    final: ChunkFinal
    lag_ms: int


@dataclass(frozen=True, slots=True)
class AudioAck:
    """`audio.ack`: audio up to `received_ms` is safe here."""

    received_ms: int


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """`error`. `field` and `retry_after_s` are left out of the JSON when empty."""

    code: str
    message: str
    fatal: bool
    field: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """`session.ended`: the last event. Lags are null when there was no chunk."""

    audio_ms: int
    chunks: int
    lag_p50_ms: int | None
    lag_p95_ms: int | None


ServerEvent = (
    Started
    | SpeechStarted
    | SpeechStopped
    | TranscriptPartial
    | TranslationPreview
    | TranslationDelta
    | ChunkDone
    | AudioAck
    | Flushed
    | Notice
    | ErrorReport
    | Ended
)


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event with its place in the session."""

    seq: int
    at_ms: int
    event: ServerEvent


def serialise(stamped: Stamped) -> str:
    """The JSON text of an event."""
    kind, fields = _fields(stamped.event)
    values = {"type": kind, "seq": stamped.seq, "at_ms": stamped.at_ms, **fields}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _fields(event: ServerEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case TranscriptPartial():
            span = {"start_ms": event.start_ms, "end_ms": event.end_ms}
            return "transcript.partial", {"text": event.text, **span}
        case TranslationPreview():
            return "translation.preview", {"text": event.text}
        case TranslationDelta():
            text = {"chunk": event.chunk, "delta": event.delta}
            return "translation.delta", {**text, "heard_ms": event.heard_ms}
        case ChunkDone():
            return "chunk.final", _chunk(event)
        case AudioAck():
            return "audio.ack", {"received_ms": event.received_ms}
        case SpeechStarted():
            return "speech.started", {"audio_ms": event.audio_ms}
        case SpeechStopped():
            return "speech.stopped", {"audio_ms": event.audio_ms}
        case Flushed():
            return "flushed", {"marker": event.marker}
        case Notice():
            return "notice", {"code": event.code, "message": event.message}
        case ErrorReport():
            return "error", _error(event)
        case Started():
            return "session.started", _started(event)
        case Ended():
            lag = {"p50": event.lag_p50_ms, "p95": event.lag_p95_ms}
            counts = {"audio_ms": event.audio_ms, "chunks": event.chunks}
            return "session.ended", {**counts, "lag_ms": lag}


def _started(event: Started) -> dict[str, Any]:
    return {
        "session_id": event.session_id,
        "resume_token": event.resume_token,
        "protocol": 1,
        "profile": event.profile,
        "source": event.source,
        "target": event.target,
        "limits": event.limits,
    }


def _chunk(event: ChunkDone) -> dict[str, Any]:
    final = event.final
    return {
        "chunk": final.chunk,
        "source": final.source,
        "translation": final.translation,
        "start_ms": final.start_ms,
        "end_ms": final.end_ms,
        "lag_ms": event.lag_ms,
        "terms": [_term(term) for term in final.terms],
        "heard_ms": final.heard_ms,
    }


def _term(term: Term) -> dict[str, str]:
    return {"source": term.source, "target": term.target}


def _error(event: ErrorReport) -> dict[str, Any]:
    fields: dict[str, Any] = {"code": event.code, "message": event.message, "fatal": event.fatal}
    if event.field:
        fields["field"] = event.field
    if event.retry_after_s is not None:
        fields["retry_after_s"] = event.retry_after_s
    return fields
