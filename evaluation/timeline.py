"""A time line as inline SVG, a minute a row: speech, the chunks heard in it, their commits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.faults import Fault
from evaluation.log import SessionLog
from evaluation.markup import Markup, clock, joined, tag
from evaluation.recordings import Segment
from tongchuan.events import ChunkFinal, TranslationDelta

_ROW_S = 60.0
_SECOND = 16.0  # pixels
_HEIGHT = 78.0
_SPEECH_Y, _SPEECH_HEIGHT = 6.0, 12.0
_CHUNK_Y, _CHUNK_HEIGHT = 24.0, 14.0
_COMMIT_Y, _COMMIT_HEIGHT = 54.0, 8.0
_TICK_S = 10


@dataclass(frozen=True, slots=True)
class _Shape:
    """Something drawn, and the seconds that it spans."""

    start_s: float
    end_s: float
    drawn: Markup


def timeline(
    segments: Sequence[Segment],
    log: SessionLog,
    faults: Sequence[Fault],
    places: Mapping[int, str],
) -> Markup:
    """Of one session. places: the id in the page of a segment, by its index; chunks link to the
    segment that they are of (`home`). Commits are drawn at the speed of speech only."""
    shapes = [*_speech(segments, places), *_chunks(segments, log, places), *_faults(faults)]
    # What came after the end has one more row, however late it came.
    last_s = min(max((s.end_s for s in shapes), default=0), log.duration_s + _ROW_S)
    rows = max(1, math.ceil(max(last_s, log.duration_s) / _ROW_S))
    return tag("div", *(_row(number, shapes) for number in range(rows)), class_="timeline wide")


def home(chunk: ChunkFinal, segments: Sequence[Segment]) -> int:
    """The index of the segment that `chunk` shares most time with, else of the nearest one."""

    def shared(segment: Segment) -> float:  # below 0: the gap between them
        start_s, end_s = chunk.start_ms / 1000, chunk.end_ms / 1000
        return min(end_s, segment.end_s) - max(start_s, segment.start_s)

    return max(range(len(segments)), key=lambda index: shared(segments[index]))


def _row(number: int, shapes: Iterable[_Shape]) -> Markup:
    start_s, end_s = number * _ROW_S, (number + 1) * _ROW_S
    grid = []
    for second in range(int(start_s), int(end_s), _TICK_S):
        x = second * _SECOND
        grid += [
            tag("line", class_="grid", x1=x, x2=x, y1=0, y2=_HEIGHT - 10),
            tag("text", clock(second), class_="tick", x=x + 3, y=_HEIGHT - 1),
        ]
    within = (s.drawn for s in shapes if s.start_s < end_s and s.end_s >= start_s)
    return tag(
        "svg",
        *grid,
        *within,
        class_="row",
        viewBox=f"{start_s * _SECOND:g} 0 {_ROW_S * _SECOND:g} {_HEIGHT:g}",
        role="img",
        aria_label=f"Time line from {clock(start_s)} to {clock(end_s)}",
    )


def _speech(segments: Sequence[Segment], places: Mapping[int, str]) -> list[_Shape]:
    shapes = []
    for index, segment in enumerate(segments):
        words = tag("title", f"segment {index + 1}: {segment.source}")
        bar = _bar("speech", segment.start_s, segment.end_s, _SPEECH_Y, _SPEECH_HEIGHT, words)
        linked = tag("a", bar, href=f"#{places[index]}")
        shapes.append(_Shape(segment.start_s, segment.end_s, linked))
    return shapes


def _chunks(
    segments: Sequence[Segment], log: SessionLog, places: Mapping[int, str]
) -> list[_Shape]:
    """Each with a thread to its commit, from its first letter to its last."""
    begun: dict[int, float] = {}
    shapes = []
    for item in log.received:
        event = item.event
        if isinstance(event, TranslationDelta):
            begun.setdefault(event.chunk, item.at_s)
        if not isinstance(event, ChunkFinal):
            continue
        start_s, end_s = event.start_ms / 1000, event.end_ms / 1000
        words = tag(
            "title",
            f"chunk {event.chunk}, lag {event.lag_ms / 1000:.2f} s\n"
            f"{event.source}\n{event.translation}",
        )
        parity = "odd" if event.chunk % 2 else "even"
        drawn = [_bar(f"chunk {parity}", start_s, end_s, _CHUNK_Y, _CHUNK_HEIGHT, words)]
        until_s = end_s
        if log.speed == 1:
            first_s, until_s = begun.get(event.chunk, item.at_s), item.at_s
            thread = tag(
                "line",
                class_="thread",
                x1=end_s * _SECOND,
                x2=first_s * _SECOND,
                y1=_CHUNK_Y + _CHUNK_HEIGHT,
                y2=_COMMIT_Y,
            )
            commit = f"commit {parity}"
            bar = _bar(commit, first_s, until_s, _COMMIT_Y, _COMMIT_HEIGHT, words)
            drawn += [thread, bar]
        linked = tag("a", *drawn, href=f"#{places[home(event, segments)]}")
        shapes.append(_Shape(start_s, max(end_s, until_s), linked))
    return shapes


def _faults(faults: Sequence[Fault]) -> list[_Shape]:
    shapes = []
    for fault in faults:
        x = fault.audio_s * _SECOND
        words = tag("title", f"{fault.kind}: {fault}")
        points = f"{x - 5:g},{_SPEECH_Y - 5:g} {x + 5:g},{_SPEECH_Y - 5:g} {x:g},{_SPEECH_Y + 5:g}"
        drawn = tag("polygon", words, class_="fault", points=points)
        shapes.append(_Shape(fault.audio_s - 0.5, fault.audio_s + 0.5, drawn))
    return shapes


def _bar(kind: str, start_s: float, end_s: float, y: float, height: float, words: Markup) -> Markup:
    width = max(2.0, (end_s - start_s) * _SECOND - 1)
    return tag(
        "rect", words, class_=kind, x=start_s * _SECOND, y=y, width=width, height=height, rx=3
    )


def legend() -> Markup:
    """What the lanes are."""
    lanes = (
        ("speech", "speech of the reference"),
        ("chunk odd", "chunks, where they were heard"),
        ("commit odd", "when each was committed, first letter to last"),
        ("fault", "faults"),
    )
    return tag(
        "p",
        joined((tag("span", tag("i", class_=f"key {name}"), text) for name, text in lanes), " "),
        class_="legend",
    )
