"""Recordings with references: a folder of `NAME.flac` and `NAME.json`.

The JSON holds `id`, `duration` (s) and `segments: [{start, end (s), source, target,
terms: [{source, target}]}]`. The direction is the start of the id: `zh2en-…` or `zh-…`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import TongchuanError
from tongchuan.events import Term

RATE = 16_000
_OTHER = {"zh": "en", "en": "zh"}
_SLACK_S = 0.1  # by which the audio may be shorter than the references say


class RecordingError(TongchuanError):
    """A recording or its references cannot be used. Names the file and the field."""


class _TermNote(BaseModel):
    source: str
    target: str


class _SegmentNote(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    start: float = Field(ge=0)
    end: float
    source: str
    target: str
    terms: list[_TermNote] = []


class _Note(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    id: str = Field(min_length=1)
    duration: float = Field(gt=0)
    segments: list[_SegmentNote] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance. Seconds from the recording's start; the reference texts of both languages."""

    start_s: float
    end_s: float
    source: str
    target: str
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording and its references, in order. cut_s: where the audio is cut off, if it is."""

    id: str
    audio: Path
    duration_s: float
    source: str
    target: str
    segments: tuple[Segment, ...]
    cut_s: float | None = None

    def first(self, seconds: float) -> Recording:
        """Its first `seconds`: the segments that end by then, and the audio to where the next
        one begins. Raises RecordingError when no segment is so short."""
        if seconds >= self.duration_s:
            return self
        kept = tuple(segment for segment in self.segments if segment.end_s <= seconds)
        if not kept:
            raise RecordingError(
                f"{self.id}: the first segment ends at {self.segments[0].end_s:.1f} s; "
                f"{seconds:g} s hold none"
            )
        cut_s = min([seconds, *(s.start_s for s in self.segments[len(kept) :])])
        return replace(self, duration_s=cut_s, segments=kept, cut_s=cut_s)

    def samples(self) -> NDArray[np.int16]:
        """The audio, 16 kHz mono, shape (n,). Raises RecordingError."""
        try:
            samples, rate = soundfile.read(self.audio, dtype="int16", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise RecordingError(f"{self.audio}: no audio could be read: {error}") from error
        if rate != RATE or samples.shape[1] != 1:
            raise RecordingError(
                f"{self.audio} has {rate} Hz and {samples.shape[1]} channels; convert it to "
                f"{RATE} Hz mono"
            )
        if len(samples) / RATE < self.segments[-1].end_s - _SLACK_S:
            raise RecordingError(
                f"{self.audio} ends at {len(samples) / RATE:.1f} s, before its last segment "
                f"({self.segments[-1].end_s:.1f} s): the JSON belongs to another recording"
            )
        count = len(samples) if self.cut_s is None else round(self.cut_s * RATE)
        return np.ascontiguousarray(samples[:count, 0])

    def terms(self) -> tuple[Term, ...]:
        """All terms of the segments, each once."""
        return tuple(dict.fromkeys(term for segment in self.segments for term in segment.terms))


def load_folder(folder: Path, only: str = "") -> list[Recording]:
    """The recordings of `folder` whose id starts with `only`, by name.

    Raises RecordingError when the folder is missing or nothing in it fits.
    """
    if not folder.is_dir():
        raise RecordingError(f"there is no folder {folder}; name one with NAME.flac and NAME.json")
    notes = sorted(note for note in folder.glob("*.json") if note.with_suffix(".flac").exists())
    recordings = [load(note) for note in notes]
    chosen = [recording for recording in recordings if recording.id.startswith(only)]
    if not chosen:
        known = ", ".join(recording.id for recording in recordings)
        what = (
            f"no id starts with {only!r}; there are: {known}" if known else "no NAME.json + .flac"
        )
        raise RecordingError(f"nothing to measure in {folder}: {what}")
    return chosen


def load(path: Path) -> Recording:
    """One recording from its JSON. Raises RecordingError naming the file and the field."""
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        note = _Note.model_validate(raw)
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: {_reason(error)}") from None
    source = note.id[:2]
    if source not in _OTHER:
        raise RecordingError(f"{path}: id {note.id!r} should start with zh or en, what is spoken")
    end = 0.0
    for index, segment in enumerate(note.segments):
        if segment.start < end - 1e-6 or segment.end <= segment.start:
            raise RecordingError(
                f"{path}: segments[{index}] spans {segment.start:g} to {segment.end:g} s; "
                f"it should begin at or after {end:g} s and end after it begins"
            )
        end = segment.end
    return Recording(
        note.id,
        path.with_suffix(".flac"),
        note.duration,
        source,
        _OTHER[source],
        tuple(
            Segment(
                s.start, s.end, s.source, s.target, tuple(Term(t.source, t.target) for t in s.terms)
            )
            for s in note.segments
        ),
    )


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    return f"{where.lstrip('.') or 'the file'}: {first['msg']}"
