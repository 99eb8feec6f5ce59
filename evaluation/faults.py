"""What went wrong in a session, told from its log: chunks that a reader should not have got."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evaluation.log import Received, SessionLog
from evaluation.recordings import Recording, Segment
from models.languages import space
from models.speaking.guards import looped
from tongchuan.events import ChunkFinal, ErrorEvent

Kind = Literal["invented", "source language", "loop", "error"]

_EDGE_MS = 500  # by which a chunk's times may miss its sentence
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = r"[A-Za-z][A-Za-z'’-]*"
_ENGLISH = re.compile(rf"{_WORD}(?:[ ,.]+{_WORD})*")
_COPIED = 6  # words in a row: fewer may be a name
_LONGEST_LOOP = 24  # units that `looped` looks at


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. chunk: None for an error event. at_s: when it came, seconds after the first
    sample was spoken. audio_s: where its audio begins (an error: how much had been sent).
    text: the translation, or the error's code and message."""

    kind: Kind
    chunk: int | None
    at_s: float
    audio_s: float
    source: str
    text: str

    def __str__(self) -> str:
        said = f"{self.source} → {self.text}" if self.chunk is not None else self.text
        return f"{self.audio_s:.1f} s: {said}"


def faults(recording: Recording, log: SessionLog) -> tuple[Fault, ...]:
    """All of them, in the order in which they came. A chunk may have several.

    invented: as `invented` has it. source language: a Chinese character in English output; in
    Chinese output six or more words in a row of the chunk's source. loop: as the guards of
    `models.speaking` have it, anywhere in the chunk. error: error events.
    """
    found = [*invented(log, recording.segments)]
    for item in log.received:
        match item.event:
            case ChunkFinal() as chunk:
                if _left_in(chunk.source, chunk.translation, recording.target):
                    found.append(_fault("source language", item, chunk))
                if _loops(chunk.translation, recording.target):
                    found.append(_fault("loop", item, chunk))
            case ErrorEvent(code=code, message=message):
                sent_s = item.sent_ms / 1000
                found.append(Fault("error", None, item.at_s, sent_s, "", f"{code}: {message}"))
    return tuple(sorted(found, key=lambda fault: fault.at_s))


def invented(log: SessionLog, segments: Sequence[Segment]) -> tuple[Fault, ...]:
    """Translations of chunks that lie where no segment is, half a second aside."""
    found = []
    for item in log.received:
        event = item.event
        if not isinstance(event, ChunkFinal) or not event.translation.strip():
            continue
        touched = any(
            event.start_ms < segment.end_s * 1000 + _EDGE_MS
            and event.end_ms > segment.start_s * 1000 - _EDGE_MS
            for segment in segments
        )
        if not touched:
            found.append(_fault("invented", item, event))
    return tuple(found)


def _fault(kind: Kind, item: Received, chunk: ChunkFinal) -> Fault:
    audio_s = chunk.start_ms / 1000
    return Fault(kind, chunk.chunk, item.at_s, audio_s, chunk.source, chunk.translation)


def _left_in(source: str, translation: str, language: str) -> bool:
    if language != "zh":
        return bool(_CHINESE.search(translation))
    spoken = set(_runs(source.lower().replace("’", "'")))
    return any(run in spoken for run in _runs(translation.lower().replace("’", "'")))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every six English words that follow one another."""
    for match in _ENGLISH.finditer(text):
        words = re.findall(_WORD, match[0])
        yield from zip(*(words[start:] for start in range(_COPIED)), strict=False)


def _loops(text: str, language: str) -> bool:
    """Whether it loops at any place, as the guards see it while it grows."""
    units: Iterable[str] = [*text.replace(" ", "")] if language == "zh" else text.split()
    seen: list[str] = []
    for unit in units:
        seen.append(unit)
        if looped(space(language).join(seen[-_LONGEST_LOOP:]), language):
            return True
    return False
