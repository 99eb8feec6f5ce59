from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Term
from models.speaking.sounds import sounds, toneless, units
from models.speaking.terms import TermMatcher


def matcher(*sources: str, limit: int = 8) -> TermMatcher:
    return TermMatcher(tuple(Term(source, source.upper()) for source in sources), limit=limit)


def found(terms: TermMatcher, text: str) -> list[str]:
    return [term.source for term in terms.matches(text)]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("光伏板", "我们安装了六十块光伏板。"),
        ("光伏板", "我們安裝了光伏板"),  # the text in the other script
        ("臺灣大學", "他在台湾大学教书"),  # the term in the other script
        ("GPU", "这个gpu很快"),
        ("GPU", "这个ＧＰＵ很快"),
        ("C罗", "看C罗射门"),
        ("load balancing", "Load-balancing is not one size fits all."),
        ("Round-robin", "a round robin scheme"),
        ("data center", "two data centers in Ohio"),
        ("鲁本·迪亚斯", "鲁本迪亚斯补位"),
        ("COP二十八", "参加 COP28 的代表"),
        ("第二十八届", "这是第28届会议"),
        ("café", "A CAFÉ nearby"),
    ],
)
def test_found_by_text(term: str, text: str) -> None:
    assert found(matcher(term), text) == [term]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("万比萨卡", "万比撒咖上来了"),
        ("曼联", "慢连的反击"),
        ("陈志远", "我叫陈智元"),
        ("神经网络", "身经网络"),  # sh, -en/-eng
        ("南京", "蓝京的天气"),  # n/l
        ("林兰英", "我说的是宁男音"),  # n/l, -ing/-in
        ("注意力机制", "组意力机制"),  # zh/z
        ("重庆", "虫庆火锅"),  # the reading that its word has
        ("C罗", "看 c 螺 射门"),
    ],
)
def test_found_by_sound(term: str, text: str) -> None:
    assert found(matcher(term), text) == [term]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("ID", "a good idea"),
        ("art", "start the cart"),
        ("边", "这变了"),  # one syllable
        ("后腰", "那要做的在什么时候要做到"),  # two syllables, other tones
        ("光伏板", "光伏。板子"),  # over a sentence's end
        ("神经网络", "神经的网络"),
        ("…", "好……"),
        ("", "好"),
        ("GPU", ""),
    ],
)
def test_not_found(term: str, text: str) -> None:
    assert found(matcher(term), text) == []


def test_the_longest_of_overlapping_terms_wins() -> None:
    terms = matcher("COP", "COP二十八", "大学", "清华大学")
    assert found(terms, "清华大学参加COP二十八") == ["清华大学", "COP二十八"]
    assert found(terms, "清华大学参加COP二十八，COP很大") == ["清华大学", "COP二十八", "COP"]


def test_text_wins_over_sound() -> None:
    assert found(matcher("陈志远", "陈智元"), "陈智元来了") == ["陈智元"]


def test_order_is_that_of_first_occurrence_and_each_comes_once() -> None:
    assert found(matcher("角球", "曼联", "边路"), "边路，曼联，边路，角球，曼联") == [
        "边路",
        "曼联",
        "角球",
    ]


def test_the_first_of_two_with_the_same_source_wins() -> None:
    first, second = Term("曼联", "Man United"), Term("曼聯", "MU")
    assert TermMatcher((first, second)).matches("曼联") == (first,)


def test_no_more_than_the_limit_and_the_longest_first() -> None:
    terms = matcher("甲乙", "丙丁戊", "己庚辛壬", limit=2)
    assert found(terms, "甲乙，丙丁戊，己庚辛壬") == ["丙丁戊", "己庚辛壬"]


def test_many_terms() -> None:
    rng = random.Random(4)
    characters = [chr(code) for code in range(0x4E00, 0x5E00)]
    sources = {"".join(rng.choices(characters, k=rng.randint(2, 6))) for _ in range(5_000)}
    chosen = sorted(sources)[:3]
    got = found(matcher(*sorted(sources)), "，".join(chosen))
    assert got == chosen


@given(st.lists(st.text(max_size=8), max_size=12), st.text(max_size=60), st.integers(1, 5))
def test_any_text_is_answered_with_terms_of_the_session(
    sources: list[str], text: str, limit: int
) -> None:
    terms = tuple(Term(source, "x") for source in sources)
    got = TermMatcher(terms, limit=limit).matches(text)
    assert len(got) <= limit
    assert len(set(got)) == len(got)
    assert set(got) <= set(terms)


@given(st.text(alphabet="的一是不了南京重庆银行长GPU two 28 2024，。", max_size=30))
def test_every_syllable_knows_its_unit(text: str) -> None:
    written = units(text)
    syllables, origins = sounds(written)
    assert len(syllables) == len(origins)
    assert sorted(origins) == origins
    assert set(origins) == set(range(len(written)))


def test_sounds() -> None:
    assert sounds(units("重庆 28 GPUs"))[0] == ["cong2", "qin4", "er4", "si2", "ba1", "gpu"]
    assert toneless(sounds(units("2024年"))[0]) == ("er", "lin", "er", "si", "lian")
    assert units("Analyses，《光伏》！") == ("analyse", "光", "伏", "\n")
