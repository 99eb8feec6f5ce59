"""The server's events, typed and frozen, parsed once from their JSON.

Made for servers newer than this client: unknown fields are dropped, an unknown `type` becomes an
`UnknownEvent`. All `*_ms` are milliseconds; positions count from the first audio sample.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

from tongchuan.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary entry: render `source` as `target`. `note` is for people and the prompt."""

    source: str
    target: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server accepts."""

    max_frame_bytes: int
    max_lag_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LagSummary:
    """Percentiles of the `lag_ms` of a session's chunks; None when it had no chunk."""

    p50: int | None = None
    p95: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Anything the server sends. `at_ms` counts from `session.started`."""

    seq: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """Ready for audio."""

    session_id: str
    source: str
    target: str
    limits: Limits
    resume_token: str = ""
    protocol: int = 1
    profile: str = ""


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """Voice began."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped(Event):
    """Voice ended."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptPartial(Event):
    """Source words heard and not yet committed; replaces the one before."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TranslationPreview(Event):
    """A translation of the uncommitted part; replaces the one before; "" withdraws it."""

    text: str


@dataclass(frozen=True, slots=True)
class TranslationDelta(Event):
    """More committed text of chunk `chunk`. Append-only, never taken back.

    heard_ms: the audio that the decision to commit rested on (0 from a server that does not say).
    """

    chunk: int
    delta: str
    heard_ms: int = 0


@dataclass(frozen=True, slots=True)
class ChunkFinal(Event):
    """Chunk `chunk` is complete. `translation` equals its concatenated deltas."""

    chunk: int
    source: str
    translation: str
    start_ms: int
    end_ms: int
    lag_ms: int = 0
    terms: tuple[Term, ...] = ()
    heard_ms: int = 0


@dataclass(frozen=True, slots=True)
class AudioAck(Event):
    """Audio up to `received_ms` is safe on the server."""

    received_ms: int


@dataclass(frozen=True, slots=True)
class Flushed(Event):
    """Everything sent before the flush of this `marker` is committed."""

    marker: str


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something a person should know: `previews_paused`, `lagging`, `draining`, …"""

    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class ErrorEvent(Event):
    """Something went wrong. Not fatal: the message was ignored, the session goes on."""

    code: str
    message: str = ""
    fatal: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """The last event."""

    audio_ms: int = 0
    chunks: int = 0
    lag_ms: LagSummary = field(default_factory=LagSummary)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event that this client does not know. `fields` holds all of it, as it came."""

    type: str
    fields: Mapping[str, Any]


EVENT_TYPES: Mapping[str, type[Event]] = types.MappingProxyType(
    {
        "session.started": SessionStarted,
        "speech.started": SpeechStarted,
        "speech.stopped": SpeechStopped,
        "transcript.partial": TranscriptPartial,
        "translation.preview": TranslationPreview,
        "translation.delta": TranslationDelta,
        "chunk.final": ChunkFinal,
        "audio.ack": AudioAck,
        "flushed": Flushed,
        "notice": Notice,
        "error": ErrorEvent,
        "session.ended": SessionEnded,
    }
)


def parse(text: str | bytes) -> Event:
    """The event in one text frame. Raises ProtocolError when it is none."""
    if isinstance(text, bytes):
        raise ProtocolError("the server sent a binary frame; events are text frames of JSON")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the server sent a text frame that is not JSON: {error}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise ProtocolError('the server sent JSON that is not an object with a "type"')
    name = raw["type"]
    kind = EVENT_TYPES.get(name)
    if kind is None:
        seq, at_ms = (_value(int, raw.get(key, 0), f"{name}.{key}") for key in ("seq", "at_ms"))
        return UnknownEvent(seq, at_ms, name, types.MappingProxyType(raw))
    event = _build(kind, raw, name)
    assert isinstance(event, Event)
    return event


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: type, raw: object, where: str) -> Any:
    """An instance of dataclass `kind` from a JSON object; what it does not name is ignored."""
    if not isinstance(raw, dict):
        raise ProtocolError(f"{where} should be a JSON object, not {_kind_of(raw)}")
    values: dict[str, Any] = {}
    for spec in fields(kind):
        if spec.name in raw:
            values[spec.name] = _value(
                _hints(kind)[spec.name], raw[spec.name], f"{where}.{spec.name}"
            )
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise ProtocolError(f"the server sent {where} without {spec.name!r}")
    return kind(**values)


def _value(hint: Any, raw: object, where: str) -> Any:
    if hint is int and isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _whole(raw, where)
    if hint is float and isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return float(raw)
    if hint in (str, bool) and isinstance(raw, hint):
        return raw
    if is_dataclass(hint):
        return _build(typing.cast(type, hint), raw, where)
    if typing.get_origin(hint) is tuple and isinstance(raw, list):
        element = typing.get_args(hint)[0]
        return tuple(_value(element, item, f"{where}[{i}]") for i, item in enumerate(raw))
    if isinstance(hint, types.UnionType):
        rest = next(option for option in typing.get_args(hint) if option is not types.NoneType)
        return None if raw is None else _value(rest, raw, where)
    wanted = getattr(hint, "__name__", str(hint))
    raise ProtocolError(f"{where} should be {wanted}, not {_kind_of(raw)}")


def _whole(raw: float, where: str) -> int:
    try:
        return round(raw)
    except (ValueError, OverflowError):  # NaN and Infinity, which Python's json lets through
        raise ProtocolError(f"{where} should be a finite number, not {raw}") from None


def _kind_of(raw: object) -> str:
    return "null" if raw is None else type(raw).__name__
