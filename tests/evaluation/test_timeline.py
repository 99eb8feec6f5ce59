"""Speech, chunks and commits stand where they were, in the row of their minute."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from evaluation.faults import Fault
from evaluation.log import SessionLog
from evaluation.recordings import Segment
from evaluation.timeline import home, timeline
from tests.evaluation.sessions import delta, log
from tongchuan.events import ChunkFinal

SEGMENTS = [Segment(1, 5, "甲", "A"), Segment(58, 66, "乙", "B")]
PLACES = {0: "p-1", 1: "p-2"}


def chunk(number: int, start_ms: int, end_ms: int) -> ChunkFinal:
    return ChunkFinal(1, 0, number, "甲<", "A", start_ms, end_ms, 1500)


SEEN = log(
    (6.0, delta(1, "A")),
    (6.5, chunk(1, 1000, 4500)),
    (61.0, delta(2, "A")),
    (61.0, chunk(2, 58_000, 59_000)),
    duration_s=70,
)


def rows(seen: SessionLog, *faults: Fault) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(timeline(SEGMENTS, seen, faults, PLACES)))


def bars(row: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    """Start and length in seconds."""
    return [
        (float(bar.get("x", "")) / 16, (float(bar.get("width", "")) + 1) / 16)
        for bar in row.iter("rect")
        if (bar.get("class") or "").startswith(kind)
    ]


def test_a_minute_is_a_row() -> None:
    first, second = rows(SEEN)
    assert first.get("viewBox") == "0 0 960 78"
    assert second.get("viewBox") == "960 0 960 78"
    assert bars(first, "speech") == [(1, 4), (58, 8)]
    assert bars(second, "speech") == [(58, 8)]  # goes on there


def test_a_chunk_and_its_commit() -> None:
    first, second = rows(SEEN)
    assert bars(first, "chunk")[0] == (1, 3.5)
    assert bars(first, "commit")[0] == (6, 0.5)
    assert bars(second, "commit")[0][0] == 61  # the thread leads to the next row
    link = next(a for a in first.iter("a") if a.find("line") is not None)
    assert link.get("href") == "#p-1"
    thread = link.find("line")
    assert thread is not None
    assert (float(thread.get("x1", "")), float(thread.get("x2", ""))) == (4.5 * 16, 6 * 16)


def test_hurried_audio_has_no_commits() -> None:
    hurried = log(*((item.at_s, item.event) for item in SEEN.received), speed=2, duration_s=70)
    assert all(bars(row, "chunk") and not bars(row, "commit") for row in rows(hurried)[:1])


def test_what_comes_very_late_does_not_make_a_page_of_rows() -> None:
    late = log((1e9, chunk(1, 1000, 2000)), duration_s=70)
    assert len(rows(late)) == 3


def test_faults_are_marked() -> None:
    fault = Fault("loop", 2, 61.0, 63.0, "乙", "B B")
    _, second = rows(SEEN, fault)
    (marked,) = second.iter("polygon")
    assert marked.findtext("title") == "loop: 63.0 s: 乙 → B B"


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "index"),
    [(0, 2000, 0), (4000, 60_000, 1), (4000, 58_500, 0), (6000, 7000, 0), (50_000, 52_000, 1)],
)
def test_a_chunk_is_at_home_where_most_of_it_is(start_ms: int, end_ms: int, index: int) -> None:
    assert home(chunk(1, start_ms, end_ms), SEGMENTS) == index
