"""What of the shown translation is undone and how long it stood, on worked examples."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.log import SessionLog
from evaluation.stability import STAYS_S, Erasure, Stability, erasure, stability
from tests.evaluation.sessions import delta, final, log, preview


def test_text_that_only_grows_erases_nothing() -> None:
    seen = log(
        (1, preview("We will")),
        (2, preview("We will meet")),
        (3, delta(1, "We wi")),
        (3, delta(1, "ll meet.")),
        (4, preview("")),
        (4, final(1, "甲", "We will meet.", 0)),
        (5, delta(2, "Tomor")),
        (5, delta(2, "row.")),
        (6, final(2, "乙", "Tomorrow.", 0)),
    )
    assert erasure(seen, "en") == Erasure(0, 4)


def test_a_changed_preview_erases_from_the_first_difference() -> None:
    """Of `we will meet him`, two words go when `we will see him` comes."""
    seen = log(
        (1, preview("We will meet him")),
        (2, preview("We will see him")),
        (3, preview("")),
        (4, delta(1, "We will see him.")),
        (4, final(1, "甲", "We will see him.", 0)),
    )
    found = erasure(seen, "en")
    assert found == Erasure(2 + 4, 4)  # and all four when it was withdrawn
    assert found.normalised == 1.5


def test_a_commit_that_differs_from_its_preview_erases_the_rest() -> None:
    seen = log((1, preview("A b c")), (2, delta(1, "A x")), (3, final(1, "甲", "A x", 0)))
    assert erasure(seen, "en") == Erasure(2, 2)


def test_what_a_display_draws_at_once_erases_nothing_between() -> None:
    """A preview is withdrawn just before the first words of its chunk come."""
    for apart_s, erased in ((0.002, 0), (0.1, 2)):
        seen = log(
            (1, preview("We will")),
            (2, preview("")),
            (2 + apart_s, delta(1, "We will meet.")),
            (3, final(1, "甲", "We will meet.", 0)),
        )
        assert erasure(seen, "en") == Erasure(erased, 3)


def test_erasure_of_chinese_is_in_characters_and_adds_up() -> None:
    seen = log((1, preview("我们见")), (2, delta(1, "我们走")), (3, final(1, "x", "我们走", 0)))
    assert erasure(seen, "zh") == Erasure(1, 3)
    assert Erasure(1, 3) + Erasure(1, 1) == Erasure(2, 4)
    assert erasure(log((1, preview("a"))), "en").normalised is None


def test_time_on_words_that_go_is_counted_a_word_and_second() -> None:
    """`him` stands 2 s and goes; `we will` 5 s, `see` 3 s, `her` 1 s until the session ends."""
    seen = log(
        (1, preview("We will")),
        (1, preview("We will him")),
        (3, preview("We will see")),
        (5, delta(1, "We will see her.")),
        (6, final(1, "甲", "We will see her.", 0)),
    )
    found = stability(seen, "en")
    assert found.lifetimes_s == (2,)
    assert found.erased_s == 2
    assert found.shown_s == 2 + 2 * 5 + 3 + 1
    assert found.erased_share == pytest.approx(2 / 16)
    assert found.lifetime_p50_s == 2


def test_text_that_stays_counts_as_long_as_it_is_looked_at() -> None:
    seen = log(
        (0, delta(1, "Good morning")),
        (0, final(1, "甲", "Good morning", 0)),
        (1, preview("Everyone")),
        (21, preview("")),  # stood 20 s, and was looked at for seven
        (100, preview("")),
        duration_s=100,
    )
    found = stability(seen, "en")
    assert (found.erased_s, found.shown_s) == (STAYS_S, 3 * STAYS_S)
    assert found.lifetimes_s == (20,)
    forever = stability(seen, "en", stays_s=1000)
    assert (forever.erased_s, forever.shown_s) == (20, 220)


def test_a_word_that_grows_is_the_same_word() -> None:
    seen = log((1, delta(1, "We wi")), (2, delta(1, "ll go")), (4, final(1, "甲", "We will go", 0)))
    assert stability(seen, "en") == Stability(0, 3 + 3 + 2, ())


def test_stability_adds_up() -> None:
    total = Stability(1, 4, (1,)) + Stability(3, 4, (3, 5))
    assert total == Stability(4, 8, (1, 3, 5))
    assert total.erased_share == 0.5
    assert total.lifetime_p50_s == 3
    assert stability(log(), "en") == Stability()
    assert Stability().erased_share is None
    assert Stability().lifetime_p50_s is None


@st.composite
def _previewed(draw: st.DrawFn) -> SessionLog:
    texts = draw(st.lists(st.text("ab c", max_size=12), min_size=1, max_size=8))
    waits = draw(st.lists(st.integers(0, 9), min_size=len(texts), max_size=len(texts)))
    times = itertools.accumulate(waits)
    return log(*((at, preview(text)) for at, text in zip(times, texts, strict=True)))


@given(_previewed(), st.sampled_from(["en", "zh"]))
def test_each_erased_token_has_a_lifetime(seen: SessionLog, language: str) -> None:
    found = stability(seen, language, stays_s=1000)
    assert len(found.lifetimes_s) == erasure(seen, language).erased
    assert found.erased_s == sum(found.lifetimes_s)
    assert found.erased_s <= found.shown_s
