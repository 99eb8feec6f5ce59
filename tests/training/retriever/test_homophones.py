"""Near-homophones differ as they claim to, and what is asked is true."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from models.recall.syllables import Syllable, spoken
from models.recall.units import units
from training.retriever.homophones import KINDS, Key, changed, heard_in
from training.retriever.questions import Said, questions

WORDS = ("马奎尔", "清华大学", "光合作用", "逆变器", "电网", "斯文森", "人工智能", "陈志远")


def sounds(text: str) -> Key:
    return tuple(one.syllable for one in spoken(units(text)) if one.syllable)


KEYS: list[Key] = [sounds(word) for word in WORDS]


def differences(one: Key, other: Key) -> list[tuple[int, str]]:
    """Places, and the parts that differ there."""
    assert len(one) == len(other)
    return [
        (at, name)
        for at, pair in enumerate(zip(one, other, strict=True))
        for name in ("initial", "final", "tone")
        if getattr(pair[0], name) != getattr(pair[1], name)
    ]


@given(st.integers(0, 2**32), st.sampled_from(KEYS), st.sampled_from(("tone", "initial", "final")))
def test_one_part_of_one_syllable(seed: int, key: Key, kind: str) -> None:
    change = changed(key, kind, KEYS[1], random.Random(seed))
    if change is not None:
        ((at, part),) = differences(key, change.key)
        assert part == kind
        assert change.wrong == {at}


@given(st.integers(0, 2**32), st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_a_whole_syllable(seed: int, key: Key, other: Key) -> None:
    change = changed(key, "syllable", other, random.Random(seed))
    if change is not None:
        assert {at for at, _ in differences(key, change.key)} == change.wrong
        assert len(change.wrong) == 1


@given(st.integers(0, 2**32), st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_a_syllable_more_and_another_half(seed: int, key: Key, other: Key) -> None:
    longer = changed(key, "longer", other, random.Random(seed))
    assert longer is not None
    assert len(longer.key) == len(key) + 1
    right = tuple(one for at, one in enumerate(longer.key) if at not in longer.wrong)
    assert right == key
    half = changed(key, "half", other, random.Random(seed))
    assert half is not None
    kept = [one for at, one in enumerate(half.key) if at not in half.wrong]
    assert kept
    assert set(kept) <= set(key)


def test_tones_that_are_said_the_same_are_no_near_homophones() -> None:
    # 水果 is said shui2 guo3: a key with the second tone is spoken
    key = (Syllable("sh", "uei", 3), Syllable("g", "uo", 3))
    made = [changed(key, "tone", key, random.Random(seed)) for seed in range(300)]
    assert not any(change and change.key[0].tone == 2 for change in made)
    neutral = (Syllable("d", "e", 5), Syllable("", "er", 0))
    assert all(changed(neutral, "tone", key, random.Random(seed)) is None for seed in range(20))


def test_what_is_heard() -> None:
    said = [sounds("我们去清华大学")]
    assert heard_in(sounds("清华"), said)
    assert heard_in(sounds("清华大学"), said)
    assert not heard_in(sounds("清华人"), said)
    assert not heard_in(sounds("请华"), said), "another tone"
    toneless = tuple(one._replace(tone=0) for one in sounds("请华"))
    assert heard_in(toneless, said), "a key without tones fits any"


@given(st.integers(0, 2**32))
def test_questions_are_as_labelled(seed: int) -> None:
    heard = [Said((KEYS[0], KEYS[4]), (True, False)), Said((KEYS[2],), (True,))]
    nearby = [*heard, Said((KEYS[5],), (True,))]
    said = [clause.syllables for clause in nearby]
    asked = questions(heard, nearby, KEYS, 24, random.Random(seed))
    assert len(asked) == 24
    assert sum(question.spoken for question in asked) == 6
    assert {question.kind for question in asked} <= {"word", "span", "other", *KINDS}
    for question in asked:
        if question.spoken:
            assert heard_in(question.key, [clause.syllables for clause in heard])
            assert not question.wrong
        elif any(one.tone for one in question.key):
            assert not heard_in(question.key, said)
            assert question.wrong


def test_easy_questions_have_no_near_homophones() -> None:
    heard = [Said((KEYS[0],), (True,))]
    asked = questions(heard, heard, KEYS, 16, random.Random(1), hard=False, words_only=True)
    assert {question.kind for question in asked} == {"word", "other"}
