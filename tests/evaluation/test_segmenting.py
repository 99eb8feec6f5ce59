"""OmniSTEval gets what we mean: LongYAAL on an example worked by hand. And our other cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import segmenting
from evaluation.characters import edit_distance
from evaluation.emissions import Emission
from evaluation.segmenting import Instance, SegmentingError, resegmented, segmented, whole
from tests.evaluation.sessions import SENTENCES as TALK
from tests.evaluation.sessions import WORDS, recording


def test_long_yaal_of_two_sentences() -> None:
    """Words are due at 0 and 1 s of each sentence of 2 s.

    Unaware: (1.0-0 + 1.5-1)/2 = 0.75 s in both. Aware, half a second later: 1.25 s in the first;
    in the second the last word comes as the recording ends and no longer counts: 1.5 s.
    """
    found = segmented([(TALK, WORDS)])
    assert found.delay_unaware_s == pytest.approx(0.75)
    assert found.delay_aware_s == pytest.approx((1.25 + 1.5) / 2)
    assert (found.segments, found.empty) == (2, 0)
    assert found.quality is not None
    assert found.quality.chrf == pytest.approx(100)
    assert found.scores["LongYAAL (CA)"] == pytest.approx(1375)
    assert found.scores["LongAP (CU)"] == pytest.approx(2500 / (2000 * 2))
    assert found.instances == (
        Instance(
            "zh-made", "word", "Alpha beta", "Alpha beta", 2000, (1000, 1500), (1500, 2000), 4000
        ),
        Instance(
            "zh-made", "word", "Gamma delta", "Gamma delta", 2000, (1000, 1500), (1500, 2000), 2000
        ),
    )


def test_instances_know_their_recording() -> None:
    """Whose reference nothing was said for has no times; a filler has no instance."""
    other = recording((0.0, 1.0, "嗯。", ""), (1.0, 2.0, "hi", "你 好"), source="en")
    more = recording((0.5, 1.0, "bye", "再见"), source="en")
    found = segmented([(other, []), (more, [Emission("再", 700, 900), Emission("见", 800, 900)])])
    assert found.instances == (
        Instance("en-made", "char", "", "你好", 1000, (), ()),
        Instance("en-made", "char", "再见", "再见", 500, (200, 300), (400, 400), 500),
    )
    assert found.empty == 1


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
    assert [instance.heard_ms for instance in found.instances] == [(), ()]


def test_without_references_there_is_nothing_to_score() -> None:
    found = segmented([(recording((0.0, 1.0, "嗯。", "")), [])])
    assert found.quality is None
    assert found.segments == 0
    assert not found.scores


def test_what_omnisteval_says_against_its_input_is_told() -> None:
    with pytest.raises(SegmentingError, match=r"code 1:\n(.*\n)*.*do not match"):
        segmented([(TALK, [Emission("two words", 1000, 1000)])])


def test_omnisteval_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenting, "_LIMIT_S", 0.01)
    with pytest.raises(SegmentingError, match=r"not done after 0\.01 s"):
        segmented([(TALK, WORDS)])


def test_a_recording_as_one_utterance() -> None:
    assert whole(TALK, WORDS[:2]) == Instance(
        "zh-made", "word", "Alpha beta", "Alpha beta Gamma delta", 4000, (1000, 1500), (1500, 2000)
    )
    talk = recording((1.0, 2.0, "hi", "你 好"), (2.0, 3.0, "bye", "再见"), source="en")
    assert whole(talk, []) == Instance("en-made", "char", "", "你好再见", 3000, (), ())


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        ("the cat sat on the mat", ["the cat sat", "on the mat"]),
        ("the cat on the mat", ["the cat", "on the mat"]),
        ("On The Mat", ["", "On The Mat"]),  # case does not count
        ("the cat sat down on the mat", ["the cat sat down", "on the mat"]),  # stays with the first
        ("well the cat sat on a mat then", ["well the cat sat", "on a mat then"]),
        ("", ["", ""]),
    ],
)
def test_the_cut_of_fewest_errors(said: str, cut: list[str]) -> None:
    talk = recording((0.0, 2.0, "甲", "The cat sat"), (3.0, 5.0, "乙", "on the mat"))
    words = [Emission(word, 100 * i, 200 * i) for i, word in enumerate(said.split())]
    found = resegmented(talk, words)
    assert [instance.prediction for instance in found] == cut
    assert [instance.reference for instance in found] == ["The cat sat", "on the mat"]
    first = len(found[0].heard_ms)
    assert found[1].heard_ms == tuple(100 * i - 3000 for i in range(first, len(words)))
    assert found[1].at_ms == tuple(200 * i - 3000 for i in range(first, len(words)))
    assert [instance.source_ms for instance in found] == [2000, 2000]


@pytest.mark.parametrize(
    ("said", "references", "cut"),
    [
        ("b a", ("a", "b"), ["b a", ""]),  # of three cuts with two errors
        ("a x", ("a b", "c"), ["a x", ""]),  # rather than c as x
    ],
)
def test_of_equal_cuts_mweraligns_is_taken(
    said: str, references: tuple[str, str], cut: list[str]
) -> None:
    """As mweralign 1.4.1 cuts."""
    talk = recording(*((i, i + 1.0, "甲", text) for i, text in enumerate(references)))
    found = resegmented(talk, [Emission(word, 0, 0) for word in said.split()])
    assert [instance.prediction for instance in found] == cut


def test_chinese_is_cut_between_characters() -> None:
    talk = recording((0.0, 1.0, "hi", "你 好。"), (1.0, 2.0, "bye", "再见。"), source="en")
    found = resegmented(talk, [Emission(char, 0, 0) for char in "你们好再见"])
    assert [instance.prediction for instance in found] == ["你们好", "再见"]
    assert [instance.reference for instance in found] == ["你好。", "再见。"]


def errors(cut: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> int:
    return sum(edit_distance(a, b) for a, b in zip(cut, references, strict=True))


@given(
    st.text("abc", max_size=8),
    st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=3),
)
def test_no_other_cut_has_fewer_errors(said: str, references: list[str]) -> None:
    talk = recording(*((i, i + 1.0, "甲", " ".join(text)) for i, text in enumerate(references)))
    cut = [one.prediction.split() for one in resegmented(talk, [Emission(c, 0, 0) for c in said])]
    assert "".join(word for words in cut for word in words) == said
    least = min(
        errors([said[a:b] for a, b in pairwise([0, *inner, len(said)])], references)
        for inner in combinations_with_replacement(range(len(said) + 1), len(references) - 1)
    )
    assert errors(cut, references) == least == edit_distance(said, "".join(references))
