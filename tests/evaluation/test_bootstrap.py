"""Intervals and tests on examples whose resamples can be counted."""

from __future__ import annotations

import random
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from evaluation import bootstrap
from evaluation.bootstrap import BootstrapError, Interval
from evaluation.quality import quality

VOCABULARY = ["the", "cat", "sat", "on", "a", "mat", "and", "went", "back", "to", "its", "river"]


def made(seed: int, count: int, errors: float) -> tuple[list[str], list[str]]:
    """Sentences, and the same with a share of words wrong."""
    source = random.Random(seed)
    references = [" ".join(source.choices(VOCABULARY, k=12)) for _ in range(count)]
    hypotheses = [
        " ".join("so" if source.random() < errors else word for word in text.split())
        for text in references
    ]
    return hypotheses, references


def test_the_mean_of_two_segments() -> None:
    """Of 0 and 1, a resample has the mean 0 (one in four), 1/2 (one in two) or 1 (one in four)."""
    two = bootstrap.mean([0.0, 1.0])
    assert bootstrap.interval(two) == Interval(0.0, 0.5, 1.0)
    assert bootstrap.interval(two, level=0.4) == Interval(0.5, 0.5, 0.5)


def test_an_interval_of_many_is_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = bootstrap.interval(bootstrap.mean(list(values)), resamples=4000)
    error = values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(
        (found.value - 1.96 * error, found.value + 1.96 * error), abs=0.15 * error
    )


def test_what_has_no_value_does_not_count() -> None:
    assert bootstrap.mean([1.0, None, 3.0]).value == 2.0
    found = bootstrap.interval(bootstrap.mean([2.0, None]))  # a quarter of resamples has none
    assert found == Interval(2.0, 2.0, 2.0)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.integers(0, 5))
def test_an_interval_lies_within_the_values(values: list[float], seed: int) -> None:
    found = bootstrap.interval(bootstrap.mean(values), resamples=50, seed=seed)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == bootstrap.interval(bootstrap.mean(values), resamples=50, seed=seed)


def test_another_seed_draws_otherwise() -> None:
    values = bootstrap.mean([float(i) for i in range(30)])
    assert bootstrap.interval(values, seed=1) != bootstrap.interval(values, seed=2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any))
def test_a_resample_is_scored_as_the_corpus_it_is(draws: list[int]) -> None:
    hypotheses, references = made(2, 6, 0.2)
    drawn = [i for i, count in enumerate(draws) for _ in range(count)]
    corpus = quality([hypotheses[i] for i in drawn], [references[i] for i in drawn], "en")
    assert corpus is not None
    bleu, chrf = (
        bootstrap.bleu(hypotheses, references, "en"),
        bootstrap.chrf(hypotheses, references),
    )
    for statistics, score in ((bleu, corpus.bleu), (chrf, corpus.chrf)):
        weights = np.array(draws, np.float64)
        assert statistics.score(weights @ statistics.rows) == pytest.approx(score)


def test_chinese_is_scored_by_characters() -> None:
    texts, references = ["这座桥长五千米。", "我们走吧。"], ["这座桥长五千米。", "我们走了。"]
    corpus = quality(texts, references, "zh")
    assert corpus is not None
    assert bootstrap.bleu(texts, references, "zh").value == pytest.approx(corpus.bleu)


def test_bleu_varies_as_sacrebleu_says() -> None:
    hypotheses, references = made(3, 80, 0.25)
    found = bootstrap.interval(bootstrap.bleu(hypotheses, references, "en"))
    theirs = BLEU().corpus_score(hypotheses, [references], n_bootstrap=1000)
    assert found.value == pytest.approx(theirs.score)
    assert (found.high - found.low) / 2 == pytest.approx(theirs._ci, rel=0.15)


def test_two_runs_over_two_segments() -> None:
    """Ahead by 3 in one, behind by 1 in the other: a resample has 3, 1 or, one in four, -1."""
    found = bootstrap.paired(bootstrap.mean([5.0, 1.0]), bootstrap.mean([2.0, 2.0]))
    assert found.difference == 1.0
    assert found.p_value == pytest.approx(0.25, abs=0.05)
    assert found.interval == Interval(-1.0, 1.0, 3.0)


def test_the_draws_are_the_same_for_both() -> None:
    """Segments differ much, the runs by the same in each: that is certain."""
    values = [float(10 * i) for i in range(30)]
    found = bootstrap.paired(bootstrap.mean([v + 1 for v in values]), bootstrap.mean(values))
    assert astuple(found.interval) == pytest.approx((1.0, 1.0, 1.0))
    assert found.p_value == 1 / 1001


def test_a_run_does_not_differ_from_itself() -> None:
    run = bootstrap.chrf(*made(4, 20, 0.3))
    found = bootstrap.paired(run, run)
    assert (found.difference, found.p_value) == (0.0, 1.0)


def test_a_worse_translation_is_found() -> None:
    better, references = made(5, 60, 0.1)
    worse, _ = made(5, 60, 0.1)
    worse = [" ".join(text.split()[:-2]) for text in worse]
    good = bootstrap.bleu(better, references, "en")
    bad = bootstrap.bleu(worse, references, "en")
    found, turned = bootstrap.paired(good, bad), bootstrap.paired(bad, good)
    assert found.difference == pytest.approx(good.value - bad.value)
    assert found.p_value == turned.p_value == 1 / 1001
    assert found.interval.low > 0
    assert turned.interval.high == pytest.approx(-found.interval.low)


def test_what_cannot_be_drawn_is_refused() -> None:
    three = bootstrap.mean([1.0, 2.0, 3.0])
    with pytest.raises(BootstrapError, match="no segments"):
        bootstrap.interval(bootstrap.mean([]))
    with pytest.raises(BootstrapError, match="nothing was committed"):
        bootstrap.interval(bootstrap.mean([None, None]))
    with pytest.raises(BootstrapError, match="3 and 2 segments"):
        bootstrap.paired(three, bootstrap.mean([1.0, 2.0]))
    with pytest.raises(BootstrapError, match="2 texts against 1 references"):
        bootstrap.bleu(["a", "b"], ["a"], "en")
    for level, resamples in ((1.0, 100), (0.0, 100), (0.95, 0)):
        with pytest.raises(BootstrapError, match=f"{resamples} resamples"):
            bootstrap.interval(three, level=level, resamples=resamples)
