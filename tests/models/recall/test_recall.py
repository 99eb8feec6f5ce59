"""What of a session's terms is found in a text, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.distractors import distractors
from models.config import RecallConfig
from models.events import SessionSpec, Term
from models.interpreter import NoTelemetry
from models.recall.index import TermIndex
from models.recall.phones import Phones, phones
from models.recall.recall import Found, Recall


class Shared:
    """Glossaries that change when told."""

    def __init__(self, *indexes: TermIndex) -> None:
        self.now: Sequence[TermIndex] = indexes

    def indexes(self) -> Sequence[TermIndex]:
        return self.now


def recall(*sources: str, shared: Shared | None = None, context: str = "", most: int = 8) -> Recall:
    terms = tuple(Term(source, source.upper()) for source in sources)
    spec = SessionSpec("zh", "en", terms, context, glossaries=shared)
    return Recall(spec, RecallConfig(most=most), NoTelemetry())


def names(found: Found) -> list[str]:
    return [one.term.source for one in found.terms]


def places(found: Found) -> list[str]:
    return [found.text[one.start : one.stop] for one in found.terms]


@pytest.mark.parametrize(
    ("term", "text", "place"),
    [
        ("光伏板", "我们安装了六十块光伏板。", "光伏板"),
        ("光伏板", "我們安裝了光伏板", "光伏板"),  # the text in the other script
        ("臺灣大學", "他在台湾大学教书", "台湾大学"),  # the term in the other script
        ("GPU", "这个gpu很快", "gpu"),
        ("GPU", "这个ＧＰＵ很快", "ＧＰＵ"),
        ("C罗", "看C罗射门", "C罗"),
        ("load balancing", "Load-balancing is not one size fits all.", "Load-balancing"),
        ("Round-robin", "a round robin scheme", "round robin"),
        ("data center", "two data centers in Ohio", "data centers"),
        ("鲁本·迪亚斯", "鲁本迪亚斯补位", "鲁本迪亚斯"),
        ("café", "A CAFÉ nearby", "CAFÉ"),
        ("café", "A cafe\u0301 nearby", "café"),
        ("边", "这边", "边"),  # a single character: by its text
    ],
)
async def test_found_by_text(term: str, text: str, place: str) -> None:
    found = await recall(term).find(text)
    assert (names(found), places(found)) == ([term], [place])
    assert found.terms[0].probability > 0.999


@pytest.mark.parametrize(
    ("term", "text", "place"),
    [
        ("万比萨卡", "万比撒咖上来了", "万比撒咖"),
        ("马奎尔", "这次马亏尔堵住了", "马亏尔"),
        ("德布劳内", "得不老美想打", "得不老美"),  # n/m
        ("麦克托米奈", "过掉了麦克托米麦", "麦克托米麦"),
        ("曼联", "慢连的反击", "慢连"),
        ("陈志远", "我叫陈智元", "陈智元"),
        ("神经网络", "身经网络", "身经网络"),  # sh, -en/-eng
        ("林兰英", "我说的是宁男音", "宁男音"),  # n/l, -ing/-in
        ("注意力机制", "组意力机制", "组意力机制"),  # zh/z
        ("重庆火锅", "虫庆火锅", "虫庆火锅"),  # the reading that its word has
        ("C罗", "看 c 螺 射门", "c 螺"),
        ("清华大学", "我们清的华大学", "清的华大学"),  # one syllable too many
        ("世界经济论坛", "世界经论坛上", "世界经论坛"),  # one too few
        ("COP二十八", "参加 COP28 的代表", "COP28"),
        ("第二十八届", "这是第28届会议", "第28届"),
        ("Stones", "司通司上来了", "司通司"),  # Latin script, heard as Chinese
        ("斯通斯", "and Stones comes up", "Stones"),
        ("GPU", "这个g p u很快", "g p u"),  # spelt
    ],
)
async def test_found_by_sound(term: str, text: str, place: str) -> None:
    found = await recall(term).find(text)
    assert (names(found), places(found)) == ([term], [place])


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("ID", "a good idea"),
        ("art", "start the cart"),
        ("边", "这变了"),  # one syllable by its sound
        ("后腰", "那要做的在什么时候要做到"),  # two syllables, other tones
        ("光伏板", "光伏。板子"),  # over a sentence's end
        ("马奎尔", "马路对面的贵宾"),
        ("…", "好……"),
        ("", "好"),
        ("GPU", ""),
    ],
)
async def test_not_found(term: str, text: str) -> None:
    assert names(await recall(term).find(text)) == []


async def test_a_spoken_form_finds_its_entry() -> None:
    term = Term("马奎尔", "Maguire", spoken=("大哈里",))
    index = TermIndex([term])
    found = await recall(shared=Shared(index)).find("大哈里来了")
    assert [one.term for one in found.terms] == [term]


async def test_the_longest_of_overlapping_terms_wins() -> None:
    terms = recall("COP", "COP二十八", "大学", "清华大学")
    assert names(await terms.find("清华大学参加COP二十八")) == ["清华大学", "COP二十八"]
    assert names(await terms.find("清华大学参加COP二十八，COP很大")) == [
        "清华大学",
        "COP二十八",
        "COP",
    ]


async def test_text_wins_over_sound() -> None:
    assert names(await recall("陈志远", "陈智元").find("陈智元来了")) == ["陈智元"]


async def test_order_is_that_of_occurrence_and_each_comes_once() -> None:
    found = await recall("角球", "曼联", "边路").find("边路，曼联，边路，角球，曼联")
    assert names(found) == ["边路", "曼联", "角球"]


async def test_the_sessions_own_term_wins_over_a_glossarys_and_that_over_the_next() -> None:
    one, two, three = (Term("曼联", target) for target in ("one", "two", "three"))
    shared = Shared(TermIndex([two]), TermIndex([three]))
    for terms, wins in (((one,), one), ((), two)):
        spec = SessionSpec("zh", "en", terms, glossaries=shared)
        found = await Recall(spec, RecallConfig(), NoTelemetry()).find("曼联的反击")
        assert [recalled.term for recalled in found.terms] == [wins]


async def test_the_first_of_two_with_the_same_source_wins() -> None:
    first, second = Term("曼联", "Man United"), Term("曼聯", "MU")
    spec = SessionSpec("zh", "en", (first, second))
    found = await Recall(spec, RecallConfig(), NoTelemetry()).find("曼联")
    assert [recalled.term for recalled in found.terms] == [first]


async def test_no_more_than_the_limit_and_the_longest_first() -> None:
    terms = recall("甲乙", "丙丁戊", "己庚辛壬", most=2)
    assert names(await terms.find("甲乙，丙丁戊，己庚辛壬")) == ["丙丁戊", "己庚辛壬"]


async def test_a_change_of_a_glossary_reaches_the_same_text() -> None:
    shared = Shared(TermIndex([Term("曼联", "old")]))
    session = recall(shared=shared)
    assert [one.term.target for one in (await session.find("曼联")).terms] == ["old"]
    shared.now = [TermIndex([Term("曼联", "new")])]
    assert [one.term.target for one in (await session.find("曼联")).terms] == ["new"]
    shared.now = []
    assert names(await session.find("曼联")) == []


async def test_the_larger_the_glossary_the_more_it_takes() -> None:
    """What a few terms are recognised by is chance among thousands."""
    text, term = "这次坎赛乐出现了失误", Term("坎塞洛", "Cancelo")
    others = distractors(20_000, text)
    alone = await recall(shared=Shared(TermIndex([term]))).find(text)
    among = await recall(shared=Shared(TermIndex([term, *others]))).find(text)
    assert names(alone) == ["坎塞洛"]
    assert names(among) == []


async def test_what_was_said_or_announced_is_likelier() -> None:
    text, term = "这次坎赛乐出现了失误", Term("坎塞洛", "Cancelo")
    shared = Shared(TermIndex([term, *distractors(20_000, text)]))
    session = recall(shared=shared)
    session.heard([term])
    assert names(await session.find(text)) == ["坎塞洛"]
    announced = recall(shared=shared, context="曼城队的坎塞洛等人")
    assert names(await announced.find(text)) == ["坎塞洛"]


async def test_nothing_of_a_large_glossary_is_found_where_nothing_is_said() -> None:
    text = "我觉得在一个团队管理者的表现出来的，我们可以称之为一种风格，大家慢慢地会习惯。"
    session = recall(shared=Shared(TermIndex(distractors(10_000, text))))
    assert names(await session.find(text)) == []


@given(st.lists(st.text(max_size=8), max_size=12), st.text(max_size=60), st.integers(1, 5))
async def test_any_text_is_answered_with_terms_of_the_session(
    sources: list[str], text: str, limit: int
) -> None:
    terms = tuple(Term(source, "x") for source in sources)
    spec = SessionSpec("zh", "en", terms)
    found = await Recall(spec, RecallConfig(most=limit), NoTelemetry()).find(text)
    assert len(found.terms) <= limit
    assert {one.term for one in found.terms} <= set(terms)
    assert all(0 <= one.probability <= 1 for one in found.terms)
    edges = [edge for one in found.terms for edge in (one.start, one.stop)]
    assert edges == sorted(edges)
    assert all(one.start < one.stop <= len(found.text) for one in found.terms)


class Ears:
    """A scorer that is sure of what it was told."""

    def __init__(self, *spoken: str) -> None:
        self._spoken = {phones(text) for text in spoken}
        self.asked: list[int] = []

    def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
        self.asked.append(len(keys))
        return np.array([0.99 if key in self._spoken else 0.01 for key in keys], np.float32)


async def test_the_audio_decides_what_the_text_leaves_open() -> None:
    text, audio = "这次坎赛乐出现了失误", np.zeros((100, 512), np.float32)
    shared = Shared(TermIndex([Term("坎塞洛", "Cancelo"), *distractors(500, text)]))
    spec = SessionSpec("zh", "en", glossaries=shared)
    ears = Ears("坎塞洛")
    session = Recall(spec, RecallConfig(), NoTelemetry(), ears)
    assert names(await session.find(text)) == []
    assert ears.asked == [], "there was no audio"
    assert names(await session.find(text, audio)) == ["坎塞洛"]
    assert len(ears.asked) == 1
    assert 1 <= ears.asked[0] <= 24


async def test_the_audio_speaks_against_a_likeness() -> None:
    text, audio = "这次坎赛洛出现了失误", np.zeros((100, 512), np.float32)
    shared = Shared(TermIndex([Term("坎塞洛", "Cancelo"), *distractors(3_000, text)]))
    spec = SessionSpec("zh", "en", glossaries=shared)
    assert names(await Recall(spec, RecallConfig(), NoTelemetry()).find(text)) == ["坎塞洛"]
    deaf = Recall(spec, RecallConfig(), NoTelemetry(), Ears())
    assert names(await deaf.find(text, audio)) == []


async def test_what_is_written_of_a_small_glossary_needs_no_ear() -> None:
    spec = SessionSpec("zh", "en", (Term("马奎尔", "Maguire"),))
    deaf = Recall(spec, RecallConfig(), NoTelemetry(), Ears())
    assert names(await deaf.find("马奎尔", np.zeros((100, 512), np.float32))) == ["马奎尔"]


@pytest.mark.parametrize(("others", "told"), [(20, True), (12_000, False)])
async def test_what_is_written_of_a_large_glossary_needs_one(others: int, told: bool) -> None:
    """Of many terms a misheard word is one now and then."""
    text, audio = "马奎尔上来了", np.zeros((100, 512), np.float32)
    shared = Shared(TermIndex([Term("马奎尔", "Maguire"), *distractors(others, text)]))
    spec = SessionSpec("zh", "en", glossaries=shared)
    for ear, expected in ((Ears("马奎尔"), True), (Ears(), told)):
        found = await Recall(spec, RecallConfig(), NoTelemetry(), ear).find(text, audio)
        assert ("马奎尔" in names(found)) == expected
    assert names(await Recall(spec, RecallConfig(), NoTelemetry()).find(text)) == ["马奎尔"]


async def test_a_spoken_form_is_listened_for() -> None:
    term = Term("马奎尔", "Maguire", spoken=("麦瓜尔",))
    spec = SessionSpec("zh", "en", glossaries=Shared(TermIndex([term, *distractors(9_000, "")])))
    session = Recall(spec, RecallConfig(), NoTelemetry(), Ears("麦瓜尔"))
    found = await session.find("这次卖花尔堵住了", np.zeros((100, 512), np.float32))
    assert [one.term for one in found.terms] == [term]
