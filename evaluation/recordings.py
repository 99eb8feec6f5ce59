"""Recordings with references: a folder of `NAME.flac` and `NAME.json`.

The JSON holds `id`, `duration` (s) and `segments: [{start, end (s), source, target,
terms: [{source, target}]}]`. The direction is the start of the id: `zh2en-…` or `zh-…`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluation.degrade import CLEAN, Condition, conditions, to_int16
from models.errors import TongchuanError
from tongchuan.events import Term

RATE = 16_000
OTHER = {"zh": "en", "en": "zh"}
SLACK_S = 0.1
"""By which the audio may be shorter than the references say."""


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
    """One recording and its references, in order. cut_s: where the audio is cut off, if it is.

    condition: what is done to the audio before it is cut; all times are those afterwards.
    """

    id: str
    audio: Path
    duration_s: float
    source: str
    target: str
    segments: tuple[Segment, ...]
    cut_s: float | None = None
    condition: Condition = CLEAN

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

    def degraded(self, specs: Sequence[str], seed: int = 0) -> Recording:
        """The same speech in a harder condition (see `degrade.parse`), after those it is in; the
        seed is that of all. Raises DegradationError."""
        added = conditions(specs, seed)
        tempo = added.tempo
        return replace(
            self,
            duration_s=self.duration_s / tempo,
            segments=tuple(
                replace(segment, start_s=segment.start_s / tempo, end_s=segment.end_s / tempo)
                for segment in self.segments
            ),
            cut_s=None if self.cut_s is None else self.cut_s / tempo,
            condition=Condition(self.condition.steps + added.steps, seed),
        )

    def samples(self) -> NDArray[np.int16]:
        """The audio in its condition, 16 kHz mono, shape (n,), whatever the file's rate and
        channels are. Raises RecordingError."""
        samples = _read(self.audio)
        heard_s, end_s = len(samples) / RATE, self.segments[-1].end_s * self.condition.tempo
        if heard_s < end_s - SLACK_S:
            raise RecordingError(
                f"{self.audio} ends at {heard_s:.1f} s, before its last segment ({end_s:.1f} s): "
                "the references belong to another recording"
            )
        samples = self.condition.apply(samples, self.id)
        return samples if self.cut_s is None else samples[: round(self.cut_s * RATE)]

    @property
    def referenced(self) -> tuple[Segment, ...]:
        """The segments that have a reference translation; fillers have none."""
        return tuple(segment for segment in self.segments if segment.target.strip())

    def terms(self) -> tuple[Term, ...]:
        """All terms of the segments, each once."""
        return tuple(dict.fromkeys(term for segment in self.segments for term in segment.terms))


@dataclass(frozen=True, slots=True)
class Loaded:
    """Recordings that can be used, and what is wrong with others: each names file and field."""

    recordings: tuple[Recording, ...]
    problems: tuple[str, ...] = ()


def notes(folder: Path) -> list[Path]:
    """Every `NAME.json` in `folder` beside which a `NAME.flac` lies, by name."""
    return sorted(note for note in folder.glob("*.json") if note.with_suffix(".flac").exists())


def load(path: Path) -> Recording:
    """One recording from its JSON. Raises RecordingError naming the file and the field."""
    raw = read_json(path)
    try:
        note = _Note.model_validate(raw)
    except ValidationError as error:
        raise RecordingError(f"{path}: {faults(error)[0]}") from None
    source = note.id[:2]
    if source not in OTHER:
        raise RecordingError(f"{path}: id {note.id!r} should start with zh or en, what is spoken")
    segments = tuple(
        Segment(
            s.start, s.end, s.source, s.target, tuple(Term(t.source, t.target) for t in s.terms)
        )
        for s in note.segments
    )
    wrong = misplaced(segments)
    if wrong:
        raise RecordingError(f"{path}: {wrong[0]}")
    audio = path.with_suffix(".flac")
    return Recording(note.id, audio, note.duration, source, OTHER[source], segments)


def read_json(path: Path) -> Any:
    """What the file holds. Raises RecordingError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: {error}") from None


def faults(error: ValidationError, where: str = "") -> list[str]:
    """Each field (of what lies at `where`) that is wrong, and why."""
    found = []
    for fault in error.errors(include_url=False):
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        field = (where + "".join(parts)).lstrip(".")
        found.append(f"{field or 'the file'}: {fault['msg']}")
    return found


def misplaced(segments: Sequence[Segment], field: str = "segments") -> list[str]:
    """What is wrong with the times in `field`: they should be in order and not overlap."""
    wrong = []
    end_s = 0.0
    for index, segment in enumerate(segments):
        if segment.start_s < end_s - 1e-6 or segment.end_s <= segment.start_s:
            wrong.append(
                f"{field}[{index}] spans {segment.start_s:g} to {segment.end_s:g} s; "
                f"it should begin at or after {end_s:g} s and end after it begins"
            )
        end_s = max(end_s, segment.end_s)
    return wrong


def length_s(audio: Path) -> float:
    """How long the audio is, seconds, by its header. Raises RecordingError."""
    try:
        info = soundfile.info(audio)
    except (OSError, soundfile.LibsndfileError) as error:
        raise _unreadable(audio, error) from None
    return float(info.frames / info.samplerate)


def _read(audio: Path) -> NDArray[np.int16]:
    """All of it, 16 kHz mono, shape (n,). Raises RecordingError."""
    try:
        channels, rate = soundfile.read(audio, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise _unreadable(audio, error) from None
    if not np.isfinite(channels).all():
        raise RecordingError(f"{audio} holds samples that are no numbers; save it anew")
    samples = channels.mean(axis=1, dtype=np.float32)
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE, quality="HQ")
    return to_int16(samples)


def _unreadable(audio: Path, error: Exception) -> RecordingError:
    return RecordingError(
        f"{audio}: no audio could be read: {error}; convert it to FLAC, WAV, Ogg or MP3"
    )
