"""How text sounds: pinyin, Latin words, numbers; and how far apart sounds are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from models.recall import chance, latin, pinyin
from models.recall.features import DIM, vector
from models.recall.phones import SYMBOLS, phones
from models.recall.syllables import Syllable, spoken
from models.recall.units import units


def syllables(text: str, *, spelt: bool = False) -> list[str]:
    sounds = spoken(units(text), spelt=spelt)
    return [sound.syllable.initial + sound.syllable.final for sound in sounds if sound.syllable]


def apart(one: str, two: str) -> float:
    (first,), (second,) = (spoken(units(text)) for text in (one, two))
    assert first.syllable is not None
    assert second.syllable is not None
    return float(np.square(vector(first.syllable) - vector(second.syllable)).sum())


def test_readings_are_pypinyins() -> None:
    """Its phrases, read by our own longest match."""
    phrases = [phrase for phrase in phrases_dict if len(phrase) <= 6][::97]
    for phrase in phrases:
        expected = lazy_pinyin(phrase, style=Style.FINALS, strict=True)
        if len(expected) == len(phrase):
            assert [final for _, final, _ in pinyin.read(phrase)] == expected, phrase


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("音乐", ["in", "ve"]),
        ("快乐", ["kuai", "le"]),
        ("银行", ["in", "hang"]),
        ("28", ["er", "shi", "ba"]),
        ("20", ["er", "shi"]),
        ("10", ["shi"]),
        ("2024", ["er", "ling", "er", "si"]),
        ("C罗", ["si", "luo"]),
    ],
)
def test_chinese_and_numbers(text: str, expected: list[str]) -> None:
    assert syllables(text) == expected


@pytest.mark.parametrize(
    ("word", "chinese"),
    [
        ("Stones", "斯通斯"),
        ("Maguire", "马奎尔"),
        ("Foden", "福登"),
        ("Bruno", "布鲁诺"),
        ("Clinton", "克林顿"),
        ("Hilton", "希尔顿"),
        ("Milan", "米兰"),
    ],
)
def test_latin_names_sound_like_their_transliteration(word: str, chinese: str) -> None:
    one, two = (spoken(units(text)) for text in (word, chinese))
    assert len(one) == len(two)
    costs = [
        float(np.square(vector(a.syllable) - vector(b.syllable)).sum())
        for a, b in zip(one, two, strict=True)
        if a.syllable and b.syllable
    ]
    assert sum(costs) / len(costs) < 0.25, costs


def test_acronyms_may_be_spelt() -> None:
    assert syllables("GPU", spelt=True) == ["zhi", "pi", "iou"]
    assert syllables("GPU") != syllables("GPU", spelt=True)
    assert syllables("Maguire", spelt=True) == syllables("Maguire")


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (("蓝", "男"), ("蓝", "汉")),  # l/n
        (("四", "是"), ("四", "米")),  # s/sh
        (("陈", "成"), ("陈", "差")),  # -n/-ng
        (("拼", "平"), ("拼", "波")),
        (("妈", "马"), ("妈", "哭")),  # tones
        (("波", "坡"), ("波", "科")),  # aspiration
    ],
)
def test_what_recognisers_confuse_is_near(near: tuple[str, str], far: tuple[str, str]) -> None:
    assert apart(*near) < 0.25 < apart(*far)


def test_chance_grows_with_cost_and_falls_with_length() -> None:
    costs = np.linspace(0, 0.4, 30)
    for length in range(2, 9):
        shares = [chance.share(length, cost) for cost in costs]
        assert shares == sorted(shares)
        assert 0 < shares[0] <= shares[-1] < 1
    assert chance.share(2, 0.1) > chance.share(3, 0.1) > chance.share(5, 0.1)


@given(st.text(max_size=30))
def test_any_text_has_known_phones(text: str) -> None:
    found = phones(text)
    assert len(found) % 3 == 0
    assert set(found) <= set(SYMBOLS)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéüß", min_size=1, max_size=30))
def test_any_word_has_vectors(word: str) -> None:
    for sound in (*latin.read(word), *latin.letters(word)):
        assert vector(Syllable(*sound)).shape == (DIM,)
