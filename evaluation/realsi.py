"""RealSI as it is published (github.com/byteresearchcla/RealSI, CC BY 4.0; arXiv 2407.21646).

A checkout holds `data/{zh2en,en2zh}/json/VID.json`: `duration` and `segment`s, whose
`utterance`s have `sub_start_time`, `sub_end_time` (all times in ms), `sub_src_text`, `sub_trg_text`
and `term`s (`src`, `trg`). It holds no audio: the recordings are public videos.
Its script cuts only 380 of the 473 s of zh2en-10-art; that one is to be cut up to 01:22:11.
"""

from __future__ import annotations

from pathlib import Path

import soundfile
from pydantic import BaseModel, Field, ValidationError

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
from models.languages import space
from tongchuan.events import Term

DIRECTIONS = ("zh2en", "en2zh")
HOW_TO_GET = (
    "RealSI is published without audio. Its README tells how to fetch the parts of the public "
    "videos (toolkits/download_audio.py, into data/zh2en/audio and data/en2zh/audio); files "
    "from elsewhere go, as VID.flac, VID.wav or VID.mp3, into a folder that you name"
)
_SUFFIXES = frozenset(
    {f".{name.lower()}" for name in soundfile.available_formats()} | {".aif", ".oga", ".opus"}
)


class _TermNote(BaseModel):
    src: str
    trg: str


class _UtteranceNote(BaseModel):
    sub_src_text: str
    sub_trg_text: str
    term: list[_TermNote] = []


class _SegmentNote(BaseModel):
    start_time: int = Field(ge=0)
    end_time: int
    utterance: list[_UtteranceNote] = Field(min_length=1)


class _Note(BaseModel):
    duration: int = Field(gt=0)
    segment: list[_SegmentNote] = Field(min_length=1)


def is_checkout(folder: Path) -> bool:
    """Whether `folder` is laid out as RealSI's repository is."""
    return any((folder / "data" / direction / "json").is_dir() for direction in DIRECTIONS)


def load(checkout: Path, audio: Path | None = None, only: str = "") -> Loaded:
    """The recordings whose `vid` starts with `only`, and why others cannot be used.

    audio: a folder of `VID.*`, in any format that libsndfile reads, both directions together; where
    RealSI's own script puts them by default, `data/{zh2en,en2zh}/audio`.
    Raises RecordingError when there is no such folder.
    """
    if audio is not None and not audio.is_dir():
        raise RecordingError(f"there is no folder {audio} with recordings. {HOW_TO_GET}")
    recordings: list[Recording] = []
    problems: list[str] = []
    missing: list[str] = []
    for direction in DIRECTIONS:
        data = checkout / "data" / direction
        sounds = _sounds(audio or data / "audio")
        for path in sorted((data / "json").glob("*.json")):
            if not path.stem.startswith(only):
                continue
            if path.stem not in sounds:
                missing.append(path.stem)
                continue
            try:
                recordings.append(_recording(path, sounds[path.stem], direction[:2]))
            except RecordingError as error:
                problems.append(str(error))
    if missing:
        problems.append(f"there is no audio of {', '.join(missing)}. {HOW_TO_GET}")
    return Loaded(tuple(recordings), tuple(problems))


def _sounds(folder: Path) -> dict[str, Path]:
    """Files of audio in `folder` by their stem; of several the first by name."""
    if not folder.is_dir():
        return {}
    files = sorted(folder.iterdir(), reverse=True)
    return {path.stem: path for path in files if path.suffix.lower() in _SUFFIXES}


def _recording(path: Path, audio: Path, source: str) -> Recording:
    """Of one JSON. Raises RecordingError."""
    raw = read_json(path)
    try:
        note = _Note.model_validate(raw)
    except ValidationError as error:
        raise RecordingError(f"{path}: {'; '.join(faults(error))}") from None
    duration_s, due_s = length_s(audio), min(note.duration, note.segment[-1].end_time) / 1000
    if duration_s < due_s - SLACK_S:
        raise RecordingError(
            f"{path}: duration: should be {due_s:g} s, and {audio} has {duration_s:.2f} s: "
            "cut more from the video"
        )
    segments = _segments(note, source, duration_s)
    wrong = misplaced(segments, "segment")
    if wrong:
        raise RecordingError(f"{path}: {'; '.join(wrong)}")
    return Recording(path.stem, audio, duration_s, source, OTHER[source], segments)


def _segments(note: _Note, source: str, duration_s: float) -> tuple[Segment, ...]:
    """As published, where that can be.

    Three segments begin, by up to 0.6 s, before the one before them ends: they begin there. Most
    files' last one ends, by up to 1.2 s, after the `duration`: it ends with the audio.
    """
    segments: list[Segment] = []
    end_s = 0.0
    for each in note.segment:
        start_s = max(end_s, each.start_time / 1000)
        end_s = min(duration_s, each.end_time / 1000)
        segments.append(_segment(each, source, start_s, end_s))
    return tuple(segments)


def _segment(note: _SegmentNote, source: str, start_s: float, end_s: float) -> Segment:
    """Its utterances joined: the published joins lack the spaces between English ones."""
    spoken = [utterance.sub_src_text.strip() for utterance in note.utterance]
    translated = [utterance.sub_trg_text.strip() for utterance in note.utterance]
    return Segment(
        start_s,
        end_s,
        space(source).join(spoken).strip(),
        space(OTHER[source]).join(translated).strip(),
        tuple(Term(term.src, term.trg) for each in note.utterance for term in each.term),
    )
