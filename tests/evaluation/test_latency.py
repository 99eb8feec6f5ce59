"""Latency on examples worked by hand, and how it grows."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.emissions import Emission
from evaluation.latency import METRICS, LatencyError, by_instance, latencies
from evaluation.segmenting import Instance, segmented
from tests.evaluation.sessions import SENTENCES as TALK
from tests.evaluation.sessions import WORDS, recording

LONG = Instance("zh-a", "word", "a b c d", "A B", 4000, (1000, 2000, 4000, 4000), (5000,) * 4)


@pytest.mark.parametrize(
    ("metric", "seconds"),
    [
        ("al", (1 + 0 + 0) / 3),  # due at 0, 2, 4 s; the third comes with the end
        ("laal", (1 + 1 + 2) / 3),  # due at 0, 1, 2 s
        ("yaal", (1 + 1) / 2),  # what comes with the end does not count
        ("dal", (1 + 1 + 2 + 2) / 4),  # the last at 5 s: a second after the one before
        ("ap", 11 / (4 * 2)),
    ],
)
def test_four_words_for_two(metric: str, seconds: float) -> None:
    """4 s of speech, 2 reference words, 4 words at 1, 2, 4 and 4 s."""
    assert by_instance([LONG], metric, aware=False) == [pytest.approx(seconds)]


@pytest.mark.parametrize(
    ("metric", "seconds"),
    [
        ("al", 1 / 2),  # due at 0 and 1 s
        ("laal", 1 / 2),
        ("yaal", 1 / 2),
        ("dal", (1 + 1) / 2),  # due at 0 and 2 s; the second counts at 1 + 4/2 = 3 s
        ("ap", 2 / (4 * 4)),
    ],
)
def test_two_words_for_four(metric: str, seconds: float) -> None:
    """4 s of speech, 4 reference words, 2 words at 1 s."""
    short = Instance("zh-a", "word", "a b", "A B C D", 4000, (1000, 1000), (1000, 1000))
    assert by_instance([short], metric, aware=False) == [pytest.approx(seconds)]


def test_after_the_end_nothing_is_in_time() -> None:
    """By the clock all words of the long one come a second after its end: AL is the first's."""
    late = {metric: by_instance([LONG], metric, aware=True)[0] for metric in METRICS}
    assert late == {
        "yaal": None,
        "al": 5.0,
        "laal": 5.0,
        "dal": pytest.approx(5.0),  # words a second apart, due a second apart
        "ap": pytest.approx(20 / 8),
    }


def test_silence_has_no_latency() -> None:
    silent = replace(LONG, prediction="", heard_ms=(), at_ms=())
    for metric in METRICS:
        assert by_instance([silent], metric, aware=True) == [None]


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(LatencyError, match="'atd'; choose one of yaal, al, laal"):
        by_instance([LONG], "atd", aware=False)


def test_chinese_is_counted_in_characters() -> None:
    """Due a half second apart: (1-0 + 1-0.5)/2."""
    spoken = Instance("en-a", "char", "你好", "你好再见", 2000, (1000, 1000), (1000, 1000))
    assert by_instance([spoken], "al", aware=False) == [pytest.approx(0.75)]


def test_two_sentences_by_all_metrics() -> None:
    """By the clock, cut: 1.5 and 2 s (the end) into each sentence, due at 0 and 1 s; LongYAAL of
    the second leaves the recording's end out. Whole: at 1.5, 2, 3.5, 4 s, due at 0, 1, 2, 3 s."""
    found = latencies([(TALK, WORDS)], segmented([(TALK, WORDS)]))
    cut, sentences = found.aware, (1.5 + 1) / 2
    assert astuple(cut.long) == pytest.approx(
        ((sentences + 1.5) / 2, sentences, sentences, (1.5 + 1.5) / 2, 3.5 / 4)
    )
    assert cut.stream_laal == pytest.approx(sentences)
    assert astuple(cut.whole) == pytest.approx(
        ((1.5 + 1 + 1.5) / 3, 5 / 4, 5 / 4, (1.5 + 1.5 + 1.5 + 1.5) / 4, 11 / 16)
    )
    assert (found.unaware.flal, cut.flal) == (1.0, 1.5)
    assert found.unaware.stream_laal == pytest.approx(0.75)


def test_columns_are_the_means_of_instances() -> None:
    """OmniSTEval's command says the same as its scorers here, segment by segment."""
    talk = recording(
        (0.5, 2.0, "甲", "Alpha beta"), (2.5, 4.0, "乙", "Gamma"), (4.5, 9.0, "丙", "Delta epsilon")
    )
    words = [
        Emission("Alpha", 900, 1700),
        Emission("beta", 2100, 2700),
        Emission("delta", 5000, 8000),
        Emission("epsilon", 7000, 9500),
        Emission("zeta", 8000, 9500),
    ]
    pairs = [(talk, words), (TALK, WORDS), (TALK, [])]
    cut = segmented(pairs)
    found = latencies(pairs, cut)
    for aware, latency in ((False, found.unaware), (True, found.aware)):
        for metric, column in zip(METRICS, astuple(latency.long), strict=True):
            values = by_instance(cut.instances, metric, aware=aware)
            silent = [not instance.prediction for instance in cut.instances]
            assert [value is None for value in values] == silent
            known = [value for value in values if value is not None]
            assert sum(known) / len(known) == pytest.approx(column, abs=5e-5)  # as printed


def test_nothing_committed_and_nothing_to_compare_with() -> None:
    filler = recording((0.0, 1.0, "嗯。", ""))
    silent = latencies([(filler, [])], segmented([(filler, [])]))
    assert astuple(silent.aware) == ((None,) * 5, None, (None,) * 5, None)
    heard = [(filler, [Emission("Uh", 400, 600)])]
    found = latencies(heard, segmented(heard)).aware
    assert (found.stream_laal, found.whole.al, found.flal) == (None, None, 0.6)


lengths = st.floats(500, 60_000)
sizes = st.integers(1, 12)


@given(lengths, sizes, sizes)
def test_who_waits_for_the_end_lags_by_the_length(length: float, said: int, due: int) -> None:
    offline = Instance(
        "zh-a", "word", " ".join("a" * said), " ".join("b" * due), length, (length,) * said, ()
    )
    for metric in ("al", "laal"):
        assert by_instance([offline], metric, aware=False) == [pytest.approx(length / 1000)]
    assert by_instance([offline], "dal", aware=False) == [pytest.approx(length / 1000)]
    assert by_instance([offline], "ap", aware=False) == [pytest.approx(said / due)]


@given(lengths, st.lists(st.floats(0, 0.8), min_size=1, max_size=12), st.floats(0.01, 0.19), sizes)
def test_what_comes_later_lags_by_so_much(
    length: float, shares: list[float], shift: float, due: int
) -> None:
    """While all words come before the end: beyond it, AL and its kin leave some out."""
    times = tuple(share * length for share in sorted(shares))
    later = tuple(time + shift * length for time in times)
    spoken = Instance(
        "zh-a", "word", " ".join("a" * len(times)), " ".join("b" * due), length, times, later
    )
    for metric in ("yaal", "al", "laal", "dal"):
        (before,) = by_instance([spoken], metric, aware=False)
        (after,) = by_instance([spoken], metric, aware=True)
        assert before is not None
        assert after == pytest.approx(before + shift * length / 1000, abs=1e-9)
    (before,), (after,) = (by_instance([spoken], "ap", aware=aware) for aware in (False, True))
    assert before is not None
    assert after == pytest.approx(before + shift * len(times) / due)
