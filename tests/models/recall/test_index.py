"""Glossaries made searchable."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.distractors import distractors
from models.events import Term
from models.recall.candidate import Candidate
from models.recall.features import DIM, INDEL, vectors
from models.recall.index import TermIndex
from models.recall.query import Query
from models.recall.syllables import spoken
from models.recall.units import units


def best(index: TermIndex, text: str) -> Candidate:
    return index.search(Query(text), 10)[0]


def test_the_same_sound_costs_nothing_and_a_near_one_little() -> None:
    index = TermIndex([Term("马奎尔", "Maguire")])
    costs = [best(index, text).cost for text in ("麻葵耳", "马亏尔", "马回尔", "马快尔")]
    assert costs[0] < 0.15, "tones count for little"
    assert costs[1] < 0.1
    assert max(costs) < 0.6


def test_a_missing_and_an_additional_syllable_cost_the_same() -> None:
    index = TermIndex([Term("清华大学", "Tsinghua")])
    one_more, one_less = best(index, "清的华大学"), best(index, "清大学")
    assert one_more.cost == pytest.approx(INDEL, abs=1e-5)
    assert one_less.cost == pytest.approx(INDEL, abs=1e-5)
    assert (one_more.start, one_more.stop) == (0, 5)
    assert (one_less.start, one_less.stop) == (0, 3)


def test_ranking_prefers_more_evidence() -> None:
    index = TermIndex([Term("大学", "university"), Term("清华大学", "Tsinghua")])
    assert [found.term.source for found in index.search(Query("轻滑大学"), 2)] == [
        "清华大学",
        "大学",
    ]


def test_acronyms_are_found_as_words_and_by_letters() -> None:
    index = TermIndex([Term("NATO", "北约")])
    assert best(index, "n a t o").cost == pytest.approx(0, abs=1e-5)
    assert best(index, "Nato").written


def test_long_terms_are_found_by_their_text_only() -> None:
    long = "第二十八次联合国气候变化框架公约缔约方大会的预备会议"
    index = TermIndex([Term(long, "x")])
    assert best(index, f"他在{long}上").written
    assert index.search(Query(long.replace("公约", "工月")), 5) == []


@pytest.mark.parametrize("size", [500, 30_000])
def test_search_finds_what_comparing_everything_finds(size: int) -> None:
    """FAISS looks at a part of a large glossary only."""
    rng = random.Random(size)
    terms = [term for term in distractors(size, "") if len(_vectors(term.source)) == 4 * DIM]
    index = TermIndex(terms)
    everything = np.stack([_vectors(term.source) for term in terms])
    found = 0
    for term in rng.sample(terms, 50):
        heard = list(term.source)
        heard[rng.randrange(4)] = rng.choice("爱乌不对马里的是")
        costs = np.square(everything - _vectors("".join(heard))).sum(axis=1)
        got = index.search(Query("".join(heard)), 50)
        nearest = min((one.cost for one in got if one.syllables == 4), default=np.inf)
        found += nearest <= costs.min() + 1e-4
    assert found >= 46


def _vectors(text: str) -> NDArray[np.float32]:
    return vectors(tuple(s.syllable for s in spoken(units(text)) if s.syllable)).ravel()


def test_two_threads_search_one_index() -> None:
    terms = distractors(3_000, "")
    index = TermIndex(terms)
    texts = [term.source for term in terms[:200]]
    expected = [index.search(Query(text), 3) for text in texts]

    async def search() -> list[list[Candidate]]:
        jobs = (asyncio.to_thread(index.search, Query(text), 3) for text in texts)
        return list(await asyncio.gather(*jobs))

    assert asyncio.run(search()) == expected


def test_the_same_terms_make_the_same_index() -> None:
    terms = distractors(12_000, "")
    one, two = TermIndex(terms), TermIndex(terms)
    for term in terms[::1000]:
        assert one.search(Query(term.source[:-1]), 5) == two.search(Query(term.source[:-1]), 5)


@given(st.text(max_size=40), st.integers(2, 6))
def test_windows_lie_within_the_text(text: str, length: int) -> None:
    query = Query(text)
    windows = query.windows(length)
    if windows is None:
        return
    count = len(windows.starts)
    assert windows.vectors.shape == (count, length * DIM)
    assert windows.starts.min() >= 0
    assert windows.stops.max() <= query.places
    assert set(np.unique(windows.stops - windows.starts)) <= {length - 1, length, length + 1}


@given(st.text(alphabet="的一是不了南京重庆银行长GPU two 28 2024，。", max_size=30))
def test_every_syllable_knows_its_unit(text: str) -> None:
    written = units(text)
    sounds = spoken(written)
    origins = [sound.origin for sound in sounds]
    assert origins == sorted(origins)
    assert set(origins) <= set(range(len(written)))
    silent = {at for at, unit in enumerate(written) if not unit.written}
    assert {sound.origin for sound in sounds if sound.syllable is None} == silent
    syllables = tuple(sound.syllable for sound in sounds if sound.syllable is not None)
    assert vectors(syllables).shape == (len(syllables), DIM)


def _found(index: TermIndex, text: str) -> list[Candidate]:
    return index.search(Query(text), 200)


_SOURCES = (
    "马奎尔",
    "麻葵耳",
    "马亏尔",
    "清华",
    "清华大学",
    "轻滑大学",
    "GPU",
    "g p u",
    "大",
    "曼联",
)
_TEXT = "马葵尔在轻华大学说 GPU 很大，满联也是清华的马奎尔。"
_some_terms = st.lists(
    st.builds(
        Term,
        st.sampled_from(_SOURCES),
        st.sampled_from(("one", "two")),
        spoken=st.lists(st.sampled_from(_SOURCES), max_size=2).map(tuple),
    ),
    max_size=12,
)


@given(before=_some_terms, between=_some_terms, after=_some_terms)
@settings(max_examples=40, deadline=None)
def test_a_revised_index_finds_what_a_new_one_does(
    before: list[Term], between: list[Term], after: list[Term]
) -> None:
    """Also where terms share forms, change places, go and come back."""
    others = distractors(20, _TEXT)
    index = TermIndex([*before, *others])
    for terms in ([*before, *others], [*between, *others], [*others[:10], *after, *others[10:]]):
        index = index.revised(terms)
        new = TermIndex(terms)
        assert index.terms == new.terms
        assert _found(index, _TEXT) == _found(new, _TEXT)
        assert all(index.forms(length) == new.forms(length) for length in range(1, 8))


def test_a_revision_shares_what_was_made_before() -> None:
    """And leaves the index before as it was, for the sessions that still search it."""
    terms = distractors(3_000, "")
    index = TermIndex([*terms, Term("马奎尔", "old")])
    revised = index.revised([*terms[1:], Term("马奎尔", "new"), Term("坎塞洛", "Cancelo")])
    assert revised._base is index._base
    assert best(index, "马奎尔").term.target == "old"
    assert best(revised, "马奎尔").term.target == "new"
    assert best(revised, "坎赛洛").term.target == "Cancelo"
    assert terms[0] not in {one.term for one in _found(revised, terms[0].source)}
    assert {one.term for one in _found(index, terms[0].source)} >= {terms[0]}


def test_many_changes_make_a_new_index() -> None:
    terms = distractors(5_000, "")
    index = TermIndex(terms[:3_000])
    assert index.revised(terms[:3_500])._base is index._base
    assert index.revised(terms[:3_500]).revised(terms[:4_500])._base is not index._base


def test_a_large_glossary_is_revised_like_a_small_one() -> None:
    """FAISS looks at a part of it only, and still finds neither what is gone nor loses the rest."""
    terms = distractors(30_000, "")
    index = TermIndex(terms)
    rng = random.Random(1)
    gone = {terms[at] for at in rng.sample(range(len(terms)), 300)}
    revised = index.revised([term for term in terms if term not in gone])
    for term in (*list(gone)[:20], *rng.sample(terms, 20)):
        query = Query(term.source)
        one, other = set(index.search(query, 100)), set(revised.search(query, 200))
        assert {found for found in one if found.term not in gone} <= other
        assert not gone & {found.term for found in other}
