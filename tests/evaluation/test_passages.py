"""What belongs to a segment stands with it, its terms marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluation.log import SessionLog
from evaluation.passages import PassageError, card, passages, worst
from evaluation.recordings import Recording
from tests.evaluation.sessions import log, recording
from tongchuan.events import ChunkFinal, Term

PLAIN = recording(
    (0.0, 3.0, "我们用负载均衡", "We use load balancing"),
    (3.5, 4.0, "嗯", ""),
    (4.5, 8.0, "再见 <b>", "Good bye & thanks"),
)
TERMS = (Term("负载均衡", "load balancing"), Term("我们", "Load balancing"), Term("网", "mesh"))
TALK: Recording = replace(
    PLAIN, segments=(replace(PLAIN.segments[0], terms=TERMS), *PLAIN.segments[1:])
)
SEEN: SessionLog = log(
    (2, ChunkFinal(1, 0, 1, "我们用", "We use", 0, 1000, 100)),
    (4, ChunkFinal(1, 0, 2, "复杂均衡", "Load balancing", 1000, 2900, 1200)),
    (9, ChunkFinal(1, 0, 3, "再见", "Bye", 4600, 8000)),
)
OUTPUTS = ["We use load-balancing", "Thanks"]


def test_each_segment_has_its_chunks_and_its_output() -> None:
    first, filler, last = passages(TALK, SEEN, OUTPUTS, "r1-")
    assert [chunk.chunk for chunk in first.heard] == [1, 2]
    assert filler.heard == ()
    assert (filler.output, filler.chrf) == ("", None)
    assert [chunk.chunk for chunk in last.heard] == [3]
    assert (last.output, last.place, last.number) == ("Thanks", "r1-3", 3)


def test_terms_are_told_hit_from_missed() -> None:
    first, *_ = passages(TALK, SEEN, OUTPUTS, "r1-")
    assert first.terms == {("负载均衡", "load balancing"): True, ("网", "mesh"): False}


def test_the_worst_come_first() -> None:
    found = passages(PLAIN, SEEN, ["We use load balancing", "x"], "r1-")
    scores = worst(found, 5)
    assert [(score, passage.number) for score, passage in scores] == [(0.0, 3), (100.0, 1)]
    assert worst(found, 1) == scores[:1]


def test_a_card_shows_it_all() -> None:
    first, filler, last = (card(p, "zh", "en") for p in passages(TALK, SEEN, OUTPUTS, "r1-"))
    assert 'id="r1-1"' in first
    assert '<dd lang="en">We use <mark class="hit">load balancing</mark></dd>' in first
    assert '<dd lang="en">We use <mark class="hit">load-balancing</mark></dd>' in first
    assert '我们用<mark class="hit">负载均衡</mark>' in first
    assert 'title="chunk 2, lag 1.20 s">复杂均衡</span>' in first
    assert '<li class="missed">✗ 网 → mesh</li>' in first
    assert filler.count("nothing") == 3  # not recognised, no reference, no output
    assert "再见 &lt;b&gt;" in last
    assert "Good bye &amp; thanks" in last


def test_a_missed_term_is_marked_in_the_reference() -> None:
    first, *_ = passages(TALK, SEEN, ["We use it", ""], "r1-")
    shown = card(first, "zh", "en")
    assert '<dd lang="en">We use <mark class="missed">load balancing</mark></dd>' in shown
    assert 'class="hit"' not in shown


def test_outputs_must_fit() -> None:
    with pytest.raises(PassageError, match="zh-made: 3 outputs for 2 segments"):
        passages(TALK, SEEN, [*OUTPUTS, ""], "r1-")
