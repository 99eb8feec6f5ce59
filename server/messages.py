"""What a client sends: typed, frozen, parsed once at the edge."""

from __future__ import annotations

from dataclasses import dataclass

from models.audio.decoder import MAX_CHANNELS, MAX_RATE, MIN_RATE
from models.audio.encoding import ENCODINGS
from models.errors import ConfigError
from models.events import SessionSpec, Term
from models.languages import NAMES, normalise
from server.config import Limits
from server.fields import Fields, parse_object, shown

_MAX_WORD = 64  # characters of a type, language or encoding
_TYPES = "session.start, flush, session.end, session.resume"
_RATES = f"an integer from {MIN_RATE} to {MAX_RATE}"
_CHANNELS = f"1 or {MAX_CHANNELS}"
_AUDIO = "an object {encoding, sample_rate, channels}"
_TERMS = "an array of {source, target, note?}"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How the client writes its samples."""

    encoding: str
    sample_rate: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return ENCODINGS[self.encoding].width * self.channels


@dataclass(frozen=True, slots=True)
class Start:
    """`session.start`."""

    spec: SessionSpec
    audio: AudioFormat
    glossaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlushRequest:
    """`flush`."""

    marker: str


@dataclass(frozen=True, slots=True)
class End:
    """`session.end`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """`session.resume`. Its fields are not read: resuming is not supported yet."""


ClientMessage = Start | FlushRequest | End | Resume


def parse(text: str, limits: Limits) -> ClientMessage:
    """The message in a text frame. Raises BadMessageError that names field and accepted values."""
    fields = Fields(parse_object(text))
    kind = fields.text("type", _MAX_WORD, empty=True, accepted=f"one of: {_TYPES}")
    match kind:
        case "session.start":
            return _start(fields, limits)
        case "flush":
            return FlushRequest(fields.text("marker", limits.max_marker_chars, empty=True))
        case "session.end":
            return End()
        case "session.resume":
            return Resume()
    fields.reject("type", f"{shown(kind)} is not known; use one of: {_TYPES}", "unknown_type")


def _start(fields: Fields, limits: Limits) -> Start:
    source, target = _languages(fields)
    terms = tuple(
        Term(
            term.text("source", limits.max_term_chars, empty=False),
            term.text("target", limits.max_term_chars, empty=False),
            term.text("note", limits.max_term_chars, "", empty=True),
        )
        for term in fields.groups("terms", _TERMS, limits.max_terms)
    )
    names = fields.texts(
        "glossaries", "an array of names", limits.max_glossaries, limits.max_term_chars
    )
    spec = SessionSpec(
        source=source,
        target=target,
        terms=terms,
        context=fields.text("context", limits.max_context_chars, "", empty=True),
        previews=fields.boolean("previews", True),
    )
    return Start(spec, _audio(fields.group("audio", _AUDIO)), tuple(names))


def _languages(fields: Fields) -> tuple[str, str]:
    """`source` and `target` as "zh" or "en"; `source` may stay "auto"."""
    source = _language(fields, "source", ("auto", *NAMES))
    target = _language(fields, "target", tuple(NAMES))
    if source == target:
        others = ", ".join(code for code in NAMES if code != source)
        fields.reject(
            "target",
            f"must differ from source ({source}); use one of: {others}",
            "unsupported_language",
        )
    return source, target


def _language(fields: Fields, name: str, accepted: tuple[str, ...]) -> str:
    choices = f"one of: {', '.join(accepted)}"
    code = fields.text(name, _MAX_WORD, empty=True, accepted=choices)
    if code == "auto" and code in accepted:
        return code
    try:
        return normalise(code)
    except ConfigError:
        fields.reject(
            name, f"{shown(code)} is not supported; use {choices}", "unsupported_language"
        )


def _audio(fields: Fields) -> AudioFormat:
    encodings = f"one of: {', '.join(ENCODINGS)}"
    encoding = fields.text("encoding", _MAX_WORD, empty=True, accepted=encodings)
    if encoding not in ENCODINGS:
        problem = f"{shown(encoding)} is not supported; use {encodings}"
        fields.reject("encoding", problem, "unsupported_audio")
    rate = fields.integer("sample_rate", _RATES)
    if not MIN_RATE <= rate <= MAX_RATE:
        problem = f"{shown(rate)} is not supported; use {_RATES}"
        fields.reject("sample_rate", problem, "unsupported_audio")
    channels = fields.integer("channels", _CHANNELS)
    if not 1 <= channels <= MAX_CHANNELS:
        problem = f"{shown(channels)} is not supported; use {_CHANNELS}"
        fields.reject("channels", problem, "unsupported_audio")
    return AudioFormat(encoding, rate, channels)
