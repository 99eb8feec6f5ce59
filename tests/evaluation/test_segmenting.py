"""OmniSTEval gets what we mean: LongYAAL on an example worked by hand."""

from __future__ import annotations

import pytest

from evaluation.emissions import Emission
from evaluation.segmenting import segmented
from tests.evaluation.sessions import recording

TALK = recording((0.0, 2.0, "甲", "Alpha beta"), (2.0, 4.0, "乙", "Gamma delta"))


def test_long_yaal_of_two_sentences() -> None:
    """Words are due at 0 and 1 s of each sentence of 2 s.

    Unaware: (1.0-0 + 1.5-1)/2 = 0.75 s in both. Aware, half a second later: 1.25 s in the first;
    in the second the last word comes as the recording ends and no longer counts: 1.5 s.
    """
    words = [
        Emission("Alpha", 1000, 1500),
        Emission("beta", 1500, 2000),
        Emission("Gamma", 3000, 3500),
        Emission("delta", 3500, 4000),
    ]
    found = segmented([(TALK, words)])
    assert found.delay_unaware_s == pytest.approx(0.75)
    assert found.delay_aware_s == pytest.approx((1.25 + 1.5) / 2)
    assert (found.segments, found.empty) == (2, 0)
    assert found.quality is not None
    assert found.quality.chrf == pytest.approx(100)


def test_chinese_is_aligned_by_characters() -> None:
    talk = recording((0.0, 2.0, "hi", "你好。"), (2.0, 4.0, "bye", "再见。"), source="en")
    words = [Emission(char, 1000 + 100 * i, 1100 + 100 * i) for i, char in enumerate("你好。")]
    found = segmented([(talk, words)])
    assert found.segments == 2
    assert found.delay_unaware_s is not None
    assert found.quality is not None
    assert "tok:zh" in found.quality.bleu_signature


def test_silence_has_no_delay() -> None:
    found = segmented([(TALK, [])])
    assert found.delay_unaware_s is found.delay_aware_s is None
    assert found.empty == 2


def test_without_references_there_is_nothing_to_score() -> None:
    found = segmented([(recording((0.0, 1.0, "嗯。", "")), [])])
    assert found.quality is None
    assert found.segments == 0
