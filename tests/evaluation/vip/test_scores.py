"""VIP and its interval from verdicts; and that the judge cannot tell systems by their order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from evaluation.bootstrap import Interval
from evaluation.vip.fragments import Fragment
from evaluation.vip.scores import score
from evaluation.vip.spoken import Spoken
from evaluation.vip.verdicts import Checks, Verdict, questions

YES, NO = Checks(True, True, True), Checks(True, False, True)


def verdict(segment: int, checks: Checks | None) -> Verdict:
    return Verdict("zh-made", segment, 1, "s", "A", checks, "", "", "r", "o", "", ())


def test_fragments_count_and_segments_are_drawn() -> None:
    """Three valid of four. A resample has twice the first segment (all of 6), both (3 of 4), or
    twice the second (none of 2)."""
    found = score([verdict(1, YES), verdict(1, YES), verdict(1, YES), verdict(2, NO)])
    assert found.vip == Interval(0.0, 0.75, 1.0)
    assert (found.segments, found.fragments, found.valid) == (2, 4, 3)
    assert found.failed == {"key_information": 0, "correct": 1, "expressive": 0}


def test_nothing_judged_has_no_score() -> None:
    for rows in ([], [verdict(1, None)]):
        found = score(rows)
        assert found.vip is None
        assert found.as_json()["vip"] is found.as_json()["interval_95"] is None
    assert found.unjudged_share == 1


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from([YES, NO, None])), max_size=20))
def test_every_fragment_is_valid_invalid_or_unjudged(rows: list[tuple[int, Checks | None]]) -> None:
    found = score(verdict(*row) for row in rows)
    kinds = [checks for _, checks in rows]
    assert found.fragments == len(rows)
    assert (found.valid, found.unjudged) == (kinds.count(YES), kinds.count(None))
    judged = found.fragments - found.unjudged
    assert (found.vip is None) == (judged == 0)
    if found.vip is not None:
        assert found.vip.value == found.valid / judged


def test_each_system_gets_each_letter_about_as_often() -> None:
    """1000 fragments of three systems: a letter is drawn 333 times, give or take 15."""
    draw = random.Random(7)
    outputs = {name: Spoken("zh", 1, "s", "r", f"by {name}") for name in ("x", "y", "z")}
    drawn = [questions(Fragment("s", "r"), outputs, draw) for _ in range(1000)]
    assert all([q.label for q in row] == ["A", "B", "C"] for row in drawn)
    for name in outputs:
        first = sum(row[0].systems == (name,) for row in drawn)
        assert 270 < first < 400


def test_letters_go_on() -> None:
    outputs = {f"s{n}": Spoken("zh", 1, "s", "r", f"by {n}") for n in range(28)}
    labels = [q.label for q in questions(Fragment("s", "r"), outputs, random.Random(0))]
    assert labels[:2] + labels[-3:] == ["A", "B", "Z", "A2", "B2"]
