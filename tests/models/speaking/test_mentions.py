from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speaking.mentions import WrittenPair, lower_words, mentions, written_pairs


def names(text: str) -> list[str]:
    return [mention.text for mention in mentions(text)]


def pairs(context: str) -> set[tuple[str, str]]:
    return {(pair.chinese, pair.latin) for pair in written_pairs(context)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in front of De Bruyne with his foot", ["De Bruyne"]),
        ("the Bank of China and Vincent van Gogh", ["Bank of China", "Vincent van Gogh"]),
        ("hit Vissac's back", ["Vissac"]),
        ("on Monday I met Mr Chen", ["Chen"]),
        ("nobody here", []),
        ("Rúben Dias, Ødegaard", ["Rúben Dias", "Ødegaard"]),
        ("One Two Three Four Five", []),  # a heading, not a name
    ],
)
def test_names_are_groups_of_capitalised_words(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_the_first_word_of_a_sentence_is_marked() -> None:
    marked = [(one.text, one.opens) for one in mentions('Look at Stones. Maguire! "Yes, Fred.')]
    assert marked == [("Look", True), ("Stones", False), ("Maguire", True), ("Yes", True),
                      ("Fred", False)]  # fmt: skip


def test_words_without_a_capital() -> None:
    assert lower_words("Stones threw stones at McDonald's") == {"threw", "stones", "at"}


@pytest.mark.parametrize(
    ("context", "pair"),
    [
        ("马奎尔 (Maguire)", ("马奎尔", "Maguire")),
        ("马奎尔（Harry Maguire）", ("马奎尔", "Harry Maguire")),
        ("Maguire（马奎尔）", ("马奎尔", "Maguire")),
        ("马奎尔 = Maguire", ("马奎尔", "Maguire")),
        ("Maguire=马奎尔", ("马奎尔", "Maguire")),
        ("反击 = counterattack; 曼联", ("反击", "counterattack")),
        ("曼城 = Man City\n曼联", ("曼城", "Man City")),
        ("鲁本·迪亚斯 (Rúben Dias)", ("鲁本·迪亚斯", "Rúben Dias")),
    ],
)
def test_pairs_that_a_person_wrote(context: str, pair: tuple[str, str]) -> None:
    assert pairs(context) == {pair}


def test_several_pairs_and_how_they_were_written() -> None:
    assert written_pairs("马奎尔 (Maguire)，德布劳内 = De Bruyne，Stones（斯通斯）") == (
        WrittenPair("马奎尔", "Maguire", equated=False),
        WrittenPair("德布劳内", "De Bruyne", equated=True),
        WrittenPair("斯通斯", "Stones", equated=False),
    )


@pytest.mark.parametrize(
    "context",
    [
        "",
        "主讲人：Maguire",
        "a talk (in English)",
        "2 = 3",
        "中 = M",
        "马奎尔 Maguire",
        "x = y = z",
    ],
)
def test_other_text_holds_no_pairs(context: str) -> None:
    assert written_pairs(context) == ()


@given(st.text(alphabet="马奎尔曼联 (（)）=AMabc.'\n，", max_size=200))
def test_whatever_the_text_is_pairs_are_short(context: str) -> None:
    for pair in written_pairs(context):
        assert 1 <= len(pair.chinese) <= 16
        assert pair.latin
        assert "=" not in pair.latin


@given(st.text(max_size=200))
def test_whatever_the_text_is_names_are_few_and_short(text: str) -> None:
    found = mentions(text)
    assert len(found) <= 8
    assert all(len(one.text) <= 40 for one in found)
