"""Anybody's own recordings with references: one JSON file.

    {"recordings": [{
        "id": "meeting-1", "audio": "meeting-1.mp3", "source": "zh", "target": "en",
        "segments": [{"start": 0.5, "end": 3.2, "source": "…", "target": "…",
                      "terms": [{"source": "…", "target": "…"}]}]
    }]}

`audio`, of any rate and channels, lies relative to the manifest. Times are seconds. `terms` may be
left out, and so may the segments' `source`: of all of them, since it is what errors are counted in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluation.recordings import (
    OTHER,
    SLACK_S,
    Loaded,
    Recording,
    RecordingError,
    Segment,
    faults,
    length_s,
    misplaced,
    read_json,
)
from tongchuan.events import Term

_Language = Literal["zh", "en"]


class _Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _TermNote(_Note):
    source: str = Field(min_length=1)
    target: str = Field(min_length=1)


class _SegmentNote(_Note):
    start: float = Field(ge=0)
    end: float
    source: str | None = None
    target: str
    terms: list[_TermNote] = []


class _RecordingNote(_Note):
    id: str = Field(pattern=r"^\w[\w.-]*$")  # files are named after it
    audio: str = Field(min_length=1)
    source: _Language
    target: _Language
    segments: list[_SegmentNote] = Field(min_length=1)


class _ManifestNote(_Note):
    recordings: list[Any] = Field(min_length=1)


def load(path: Path, only: str = "") -> Loaded:
    """The recordings whose id starts with `only`, and every mistake in what else there is.

    Raises RecordingError when the file is no manifest at all.
    """
    raw = read_json(path)
    try:
        rows = _ManifestNote.model_validate(raw).recordings
    except ValidationError as error:
        raise RecordingError(f"{path}: {'; '.join(faults(error))}") from None
    recordings: dict[str, Recording] = {}
    problems: list[str] = []
    for index, row in enumerate(rows):
        name = row.get("id") if isinstance(row, dict) else None
        if isinstance(name, str) and not name.startswith(only):
            continue
        found = _recording(row, path.parent, f"recordings[{index}]")
        if isinstance(found, Recording) and found.id in recordings:
            found = [f"recordings[{index}].id: {found.id!r} is there twice"]
        if isinstance(found, Recording):
            recordings[found.id] = found
        else:
            problems += [f"{path}: {mistake}" for mistake in found]
    return Loaded(tuple(recordings.values()), tuple(problems))


def _recording(row: Any, folder: Path, where: str) -> Recording | list[str]:
    """The recording at `where`, or all that is wrong with it."""
    try:
        note = _RecordingNote.model_validate(row)
    except ValidationError as error:
        return faults(error, where)
    segments = tuple(
        Segment(
            s.start,
            s.end,
            s.source or "",
            s.target,
            tuple(Term(t.source, t.target) for t in s.terms),
        )
        for s in note.segments
    )
    wrong = [f"{where}.{mistake}" for mistake in (*_contradictions(note), *misplaced(segments))]
    audio = folder / note.audio
    try:
        duration_s = length_s(audio)
    except RecordingError as error:
        return [*wrong, f"{where}.audio: {error}"]
    wrong += [
        f"{where}.segments[{index}].end: {segment.end_s:g} s is past the end of {audio} "
        f"({duration_s:.2f} s)"
        for index, segment in enumerate(segments)
        if segment.end_s > duration_s + SLACK_S
    ]
    return wrong or Recording(note.id, audio, duration_s, note.source, note.target, segments)


def _contradictions(note: _RecordingNote) -> list[str]:
    """Fields that do not go together."""
    wrong = []
    if note.target != OTHER[note.source]:
        wrong.append(f"target: should be {OTHER[note.source]!r}, source being {note.source!r}")
    without = [index for index, segment in enumerate(note.segments) if segment.source is None]
    if len(without) < len(note.segments):
        wrong += [f"segments[{index}].source: is missing; others have one" for index in without]
    return wrong
