"""How alike Latin names and Chinese stretches sound, on names as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recall.syllables import Syllable, spoken
from models.recall.units import units
from models.speaking.transliteration import fit, likeness, readings

SYLLABLE = st.builds(
    Syllable,
    st.sampled_from(["", "b", "d", "n", "l", "zh", "x"]),
    st.sampled_from(["a", "ing", "uo"]),
)
SYLLABLES = st.lists(SYLLABLE, max_size=8)


def chinese(text: str) -> list[Syllable]:
    return [sound for sound, _ in spoken(units(text)) if sound is not None]


def alike(stretch: str, name: str) -> float:
    return max(likeness(reading, chinese(stretch)) for reading in readings(name))


@pytest.mark.parametrize(
    ("stretch", "name"),
    [
        ("马奎尔", "Maguire"),
        ("马亏尔", "Maguire"),
        ("德布劳内", "De Bruyne"),
        ("万比萨卡", "Wan-Bissaka"),
        ("瓜迪奥拉", "Guardiola"),
        ("斯通斯", "Stones"),
        ("奥巴马", "Obama"),
        ("扎克伯格", "Zuckerberg"),
        ("陈志远", "Chen Zhiyuan"),
        ("西安", "Xi'an"),
        ("张三", "Zhang San"),
    ],
)
def test_transliterations_are_alike(stretch: str, name: str) -> None:
    assert alike(stretch, name) >= 0.8


@pytest.mark.parametrize(
    ("stretch", "name"),
    [
        ("马奎尔", "Stones"),
        ("坎塞洛", "Ronaldo"),
        ("京多安", "Ginobili"),
        ("麦克托米奈", "Michael Jordan"),
        ("边路传中", "Manchester City"),
        ("我们", "Monday"),
    ],
)
def test_strangers_are_not(stretch: str, name: str) -> None:
    assert alike(stretch, name) < 0.6


def test_pinyin_is_read_as_pinyin_and_as_spelling() -> None:
    assert len(readings("Zhiyuan")) == 2
    assert alike("志远", "Zhiyuan") == 1.0
    assert len(readings("Guardiola")) == 1


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("这次马奎尔堵住了", "Maguire", "马奎尔"),
        ("还以为在德布劳内前面", "De Bruyne", "德布劳内"),
        ("想打万比萨卡的身后", "Wan-Bissaka", "万比萨卡"),
        ("左侧是卢克肖", "Luke Shaw", "卢克肖"),
    ],
)
def test_a_name_is_found_whole_and_nothing_else(text: str, name: str, found: str) -> None:
    best = max(filter(None, (fit(reading, chinese(text)) for reading in readings(name))),
               key=lambda one: one.score)  # fmt: skip
    assert text[best.start : best.stop] == found


def test_a_break_is_not_crossed() -> None:
    sounds = chinese("马奎尔")
    broken = [sounds[0], None, *sounds[1:]]
    best = fit(readings("Maguire")[0], broken)
    assert best is not None
    assert best.start == 2


def test_nothing_is_found_in_nothing() -> None:
    assert fit([], chinese("马")) is None
    assert fit(readings("Maguire")[0], []) is None
    assert fit(readings("Maguire")[0], [None, None]) is None


@given(name=SYLLABLES, text=st.lists(st.one_of(st.none(), SYLLABLE), max_size=12))
def test_the_best_stretch_is_as_alike_as_it_says(
    name: list[Syllable], text: list[Syllable | None]
) -> None:
    best = fit(name, text)
    if best is None:
        return
    stretch = text[best.start : best.stop]
    assert None not in stretch
    assert best.score <= 1
    whole = likeness(name, [sound for sound in stretch if sound is not None])
    assert whole == pytest.approx(best.score)


@given(SYLLABLES, SYLLABLES)
def test_likeness_is_at_most_one_and_full_for_the_same(
    one: list[Syllable], other: list[Syllable]
) -> None:
    assert likeness(one, other) <= 1
    assert likeness(one, one) == 1
