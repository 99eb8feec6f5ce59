"""What goes into an interpreter and what comes out of it: typed, frozen, no dicts.

All `*_ms` positions count from the first audio sample of the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.recall.index import TermIndex

SAMPLE_RATE = 16_000
"""Samples a second of all audio inside `models` (mono, float32 in [-1, 1])."""


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary entry: render `source` as `target`.

    note: for people. spoken: other forms that `source` takes in speech or in transcripts.
    """

    source: str
    target: str
    note: str = ""
    spoken: tuple[str, ...] = ()


class Glossaries(Protocol):
    """The glossaries of a session, which may change while it runs."""

    def indexes(self) -> Sequence[TermIndex]:
        """As they are now, in the order of the session's preference. Cheap: asked every chunk."""


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What a session asked for. `source` may be "auto"; `target` never is.

    terms: its own, which win over those of `glossaries`.
    """

    source: str
    target: str
    terms: tuple[Term, ...] = ()
    context: str = ""
    previews: bool = True
    glossaries: Glossaries | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Samples of the session's stream, in order, without gaps. float32, shape (n,), 16 kHz mono."""

    samples: NDArray[np.float32]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Flush:
    """Commit everything heard before this, then answer with `Flushed(marker)`."""

    marker: str


AudioInput = Audio | Flush


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Voice began."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Voice ended (after the hangover)."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptPartial:
    """Source words heard and not yet committed; replaces the one before."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TranslationPreview:
    """A translation of the uncommitted part; replaces the one before; "" withdraws it."""

    text: str


@dataclass(frozen=True, slots=True)
class TranslationDelta:
    """More committed text of `chunk` (counted from 1). Append-only, never taken back.

    heard_ms: the audio that had been listened to when the chunk was decided on.
    """

    chunk: int
    delta: str
    heard_ms: int = 0


@dataclass(frozen=True, slots=True)
class ChunkFinal:
    """Chunk `chunk` is complete. `translation` equals its concatenated deltas."""

    chunk: int
    source: str
    translation: str
    start_ms: int
    end_ms: int
    terms: tuple[Term, ...] = field(default=())
    heard_ms: int = 0


@dataclass(frozen=True, slots=True)
class Flushed:
    """Everything before `Flush(marker)` has been committed and its events precede this one."""

    marker: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know, e.g. `previews_paused`, `lagging`."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An engine failed twice on one chunk; the session goes on without that chunk."""

    code: str
    message: str


InterpreterEvent = (
    SpeechStarted
    | SpeechStopped
    | TranscriptPartial
    | TranslationPreview
    | TranslationDelta
    | ChunkFinal
    | Flushed
    | Notice
    | Failure
)
