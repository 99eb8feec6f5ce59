"""BLEU and chrF say how they were made."""

from __future__ import annotations

import pytest

from evaluation.quality import quality

TEXT = "The bridge is five thousand meters long, and it took four years."


def test_equal_texts_score_fully() -> None:
    found = quality([TEXT], [TEXT], "en")
    assert found is not None
    assert found.bleu == pytest.approx(100)
    assert found.chrf == pytest.approx(100)
    assert "tok:13a" in found.bleu_signature
    assert "version:" in found.chrf_signature


def test_chinese_is_cut_into_characters() -> None:
    found = quality(["这座桥长五千米。"], ["这座桥长五千米。"], "zh")
    assert found is not None
    assert found.bleu == pytest.approx(100)
    assert "tok:zh" in found.bleu_signature


def test_nothing_in_common_scores_nothing() -> None:
    found = quality(["qqq"], ["zzz"], "en")
    assert found is not None
    assert found.chrf == 0
    assert quality([], [], "en") is None
