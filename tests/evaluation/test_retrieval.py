"""Ranks of spoken terms, by worked examples; and what has no rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.distractors import distractors
from evaluation.editing import EditDistances
from evaluation.recordings import Segment
from evaluation.retrieval import Chunk, Mention, Methods, cost, mentions, rank
from models.events import Term
from models.recall.phones import Phones, phones
from tests.evaluation.sessions import recording
from tongchuan.events import Term as Annotated

TALK = recording((0.0, 2.0, "马奎尔上来了", "Maguire"), (2.0, 4.0, "这是反击", "a counter"))


class Ears:
    """Hears one term."""

    def __init__(self, spoken: str) -> None:
        self._spoken = phones(spoken)

    def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
        return np.array([0.99 if key == self._spoken else 0.01 for key in keys], np.float32)


def chunk(text: str, start_ms: int = 0, end_ms: int = 1000, *, audio: bool = False) -> Chunk:
    states = np.zeros((50, 512), np.float32) if audio else None
    return Chunk(TALK, text, start_ms, end_ms, states)


def test_the_rank_is_among_what_was_not_said() -> None:
    mention = Mention("马奎尔", "马奎尔的反击", (chunk("x"), chunk("y")))
    scores = {
        "x": {"反击": 9.0, "甲": 5.0, "乙": 4.0, "马奎尔": 3.0},
        "y": {"丙": 2.0, "马奎尔": 1.0},
    }
    assert rank(mention, lambda one: scores[one.text]) == 2
    assert rank(mention, lambda _: {"甲": 1.0}) == float("inf")
    assert rank(replace(mention, chunks=()), lambda one: scores[one.text]) == float("inf")


def test_equal_scores_are_not_better() -> None:
    mention = Mention("甲", "甲", (chunk("x"),))
    assert rank(mention, lambda _: {"甲": 1.0, "乙": 1.0}) == 1


def test_a_mention_has_the_chunks_that_overlap_its_segment() -> None:
    terms = (Segment(0.0, 2.0, "甲", "A", (Annotated("甲", "A"),)), Segment(2.0, 4.0, "乙", "B"))
    talk = replace(TALK, segments=terms)
    chunks = [chunk("a", 0, 1500), chunk("b", 1500, 2500), chunk("c", 2500, 4000)]
    (mention,) = mentions(talk, chunks)
    assert [one.text for one in mention.chunks] == ["a", "b"]


@pytest.mark.parametrize(
    ("source", "audible"),
    [("马奎尔", True), ("C罗", False), ("COP二十八", False), ("第28届", True)],
)
def test_what_a_mandarin_voice_says(source: str, audible: bool) -> None:
    assert Mention(source, "", ()).audible is audible


def test_each_method_finds_what_it_can() -> None:
    terms = [Term("马奎尔", "Maguire"), *distractors(300, "马奎尔马亏尔上来了")]
    methods = Methods(terms, Ears("马奎尔"))
    heard = chunk("马亏尔上来了", audio=True)
    mention = Mention("马奎尔", "马奎尔上来了", (heard,))
    assert rank(mention, methods.exact) == float("inf")
    assert rank(mention, methods.edits) < 20
    for method in (methods.text, methods.heard, methods.both):
        assert rank(mention, method) == 1
    assert rank(replace(mention, chunks=(chunk("马奎尔上来了"),)), methods.exact) == 1


def test_what_a_glossary_costs_is_told() -> None:
    spent = cost(distractors(50, ""), [chunk("马亏尔上来了", audio=True)] * 3, Ears("马奎尔"))
    assert spent.entries == 50
    assert min(spent.build_s, spent.median_ms, spent.p95_ms) > 0
    assert spent.scorer_ms is not None
    assert cost(distractors(50, ""), [chunk("上来了")], None).scorer_ms is None


def test_edit_distance_is_to_the_nearest_stretch() -> None:
    scores = EditDistances(["马奎尔", "马奎", "反击", "GPU card"]).scores(
        "这次马奎儿用gpu card反击"
    )
    assert scores.tolist() == pytest.approx([2 / 3, 1, 1, 1])
    assert EditDistances(["甲乙丙"]).scores("甲丙").tolist() == pytest.approx([2 / 3])
    assert EditDistances(["甲乙"]).scores("").tolist() == [0]


def test_distractors_are_nothing_that_is_said_and_always_the_same() -> None:
    first = distractors(2_000, "")
    assert distractors(2_000, "") == first
    assert len({term.source for term in first}) == 2_000
    said = first[0].source + first[1].source
    others = distractors(2_000, said)
    assert len(others) == 2_000
    assert not any(term.source in said for term in others)
    assert len(distractors(60_000, "")) == 60_000
