from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import PolicyConfig
from models.listening.words import Word
from models.policy import Cut, Evidence, Pause, clear, make_policy
from models.policy.base import ends_clause, ends_sentence, size

NAMES = ["semantic", "fixed", "pause", "wait-k"]


def config(name: str, **values: object) -> PolicyConfig:
    chosen: dict[str, object] = {
        "min_chars": 4, "max_lag_ms": 5000, "pause_ms": 400, "boundary": 0.6,
        "boundary_after_ms": 0, "fixed_ms": 1000, "k": 3,
    }  # fmt: skip
    return PolicyConfig.model_validate({"name": name, **chosen, **values})


def spoken(text: str, start_ms: int = 0) -> tuple[Word, ...]:
    """A word for each character (or, with spaces, each word), 200 ms each."""
    parts = [f" {part}" for part in text.split()] if " " in text else list(text)
    return tuple(
        Word(part, (number,), start_ms + 200 * number, start_ms + 200 * (number + 1), 0.9)
        for number, part in enumerate(parts)
    )


def evidence(
    text: str, *, tail: str = "", lag_ms: int = 0, silence_ms: int = 0, **values: object
) -> Evidence:
    """silence_ms: after the last word of `text`, and all heard by then."""
    words = spoken(text)
    heard_ms = lag_ms or words[-1].end_ms + 200 * len(tail)
    made = Evidence(words, spoken(tail, words[-1].end_ms), heard_ms, {}, final=False, language="zh")
    if silence_ms:
        end = words[-1].end_ms
        values |= {"pauses": {end: Pause(end, silence_ms)}, "heard_ms": end + silence_ms}
    return replace(made, **values)  # type: ignore[arg-type]


class Asked:
    """A boundary oracle that remembers what it was asked."""

    def __init__(self, answer: Callable[[str], float | None] = lambda _text: 0.0) -> None:
        self.texts: list[str] = []
        self._answer = answer

    async def __call__(self, words: tuple[Word, ...]) -> float | None:
        self.texts.append("".join(word.text for word in words))
        return self._answer(self.texts[-1])


async def decide(name: str, seen: Evidence, asked: Asked | None = None, **values: object) -> int:
    cut = await make_policy(config(name, **values)).decide(seen, asked or Asked())
    return cut.count


def test_size_counts_what_is_said() -> None:
    assert size(spoken("你好，世界3。"), "zh") == 5
    assert size(spoken("well , then ."), "en") == 2


def test_marks_end_clauses_and_sentences() -> None:
    for mark in "。！？.!?…":
        assert ends_sentence(Word(f"好{mark} ", (), 0, 0, 1))
        assert ends_clause(Word(mark, (), 0, 0, 1))
    for mark in "，；：,;:":
        assert not ends_sentence(Word(mark, (), 0, 0, 1))
        assert ends_clause(Word(mark, (), 0, 0, 1))
    for text in ("", "好", "、", "3.5"):
        assert not ends_clause(Word(text, (), 0, 0, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["好", "，", "今天天气很好", "天气，很好"])
async def test_the_end_takes_something(name: str, text: str) -> None:
    taken = await decide(name, evidence(text, final=True))
    assert 1 <= taken <= len(text)


def _arrivals(seed: int) -> Sequence[Evidence]:
    """How a talk may come in: words in bursts, pauses, tails; last a final one."""
    chance = random.Random(seed)
    words: list[Word] = []
    at = 0
    for number in range(chance.randrange(1, 50)):
        length = chance.choice([0, 100, 200, 400])
        text = chance.choice(["好", "天气", "，", "。", " OK", "3", "吗？"])
        words.append(Word(text, (number,), at, at + length, 0.9))
        at += length
    given, found = 0, []
    pauses: dict[int, Pause] = {}
    while given < len(words):
        given += chance.randrange(0, 5)
        known = words[:given]
        if known and chance.random() < 0.3:
            end = known[-1].end_ms
            pauses[end] = Pause(end, chance.choice([300, 400, 900]))
        tail = tuple(words[given : given + chance.randrange(3)])
        end = known[-1].end_ms if known else 0
        silence = chance.choice([0, 0, 300, 500, 1500])
        found.append(Evidence(tuple(known), tail, end + silence, dict(pauses), False, "zh"))
    found.append(replace(found[-1], words=tuple(words), tail=(), final=True))
    return found


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6), fixed_ms=st.integers(200, 2000))
def test_chunks_are_the_words_in_order_however_they_come(
    name: str, seed: int, k: int, fixed_ms: int
) -> None:
    async def scenario() -> None:
        policy = make_policy(config(name, k=k, fixed_ms=fixed_ms, max_lag_ms=2000))
        chance = random.Random(seed)
        asked = Asked(lambda _text: chance.choice([None, 0.0, 0.3, 0.9]))
        chunks: list[Word] = []
        for seen in _arrivals(seed):
            while len(chunks) < len(seen.words):
                left = replace(seen, words=seen.words[len(chunks) :])
                cut = await policy.decide(left, asked)
                count = cut.count
                assert cut.heard_ms >= left.heard_ms
                assert 0 <= count <= len(left.words)
                assert count or not seen.final
                if not count:
                    break
                chunks += left.words[:count]
        assert tuple(chunks) == seen.words

    asyncio.run(scenario())


# semantic ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("今天天气，很", 5),  # the clause is long enough
        ("好，今天天气，很", 7),  # a short one joins the next
        ("好，很", 0),
        ("今天天气，我们出去。然后", 10),  # the last mark
        ("今天天气很", 0),
    ],
)
async def test_punctuation_ends_a_chunk_that_is_long_enough(text: str, taken: int) -> None:
    assert await decide("semantic", evidence(text, tail="的")) == taken


async def test_english_is_measured_in_words() -> None:
    seen = replace(evidence("we go , and then"), language="en")
    assert await decide("semantic", seen, min_chars=4) == 3
    assert await decide("semantic", seen, min_chars=10) == 0


@pytest.mark.parametrize(
    ("text", "least_ms"),
    [
        ("好", 800),  # twice the pause, whatever was said
        ("今天天", 800),
        ("今天天气", 400),
        ("今天。", 400),  # a sentence counts as thrice its length
        ("好。", 800),
    ],
)
async def test_a_pause_ends_a_chunk_and_a_longer_one_even_a_short_chunk(
    text: str, least_ms: int
) -> None:
    count = len(text)
    assert await decide("semantic", evidence(text, silence_ms=least_ms)) == count
    assert await decide("semantic", evidence(text, silence_ms=least_ms - 1)) == 0


async def test_a_pause_that_was_over_long_ago_is_told_by_when_it_was_long_enough() -> None:
    policy = make_policy(config("semantic"))
    seen = evidence("今天天气", silence_ms=3000)
    assert await policy.decide(replace(seen, heard_ms=1100), Asked()) == Cut(4, 800 + 400)
    assert await policy.decide(seen, Asked()) == Cut(4, 3800), "no sooner than its words"


async def test_an_earlier_pause_ends_a_chunk_too() -> None:
    seen = evidence("今天天气很好", tail="的", pauses={800: Pause(850, 400)})
    assert await decide("semantic", seen) == 4
    assert await decide("semantic", replace(seen, pauses={800: Pause(850, 399)})) == 0


@pytest.mark.parametrize(("probability", "taken"), [(0.6, 5), (0.59, 0), (None, 0)])
async def test_the_llm_may_see_the_end(probability: float | None, taken: int) -> None:
    asked = Asked(lambda _text: probability)
    assert await decide("semantic", evidence("今天天气很", tail="好"), asked) == taken
    assert asked.texts == ["今天天气很"]


async def test_the_llm_is_asked_once_a_text_and_not_for_short_ones() -> None:
    policy = make_policy(config("semantic"))
    asked = Asked(lambda _text: 0.2)
    for text in ("今", "今天", "今天天气", "今天天气", "今天天气很", "今天天气很"):
        await policy.decide(evidence(text, tail="的"), asked)
    assert asked.texts == ["今天天气", "今天天气很"]


async def test_the_llm_is_asked_only_after_a_while() -> None:
    asked = Asked(lambda _text: 0.9)
    seen = evidence("今天天气很", lag_ms=1000)
    assert await decide("semantic", seen, asked, boundary_after_ms=1001) == 0
    assert asked.texts == []
    assert await decide("semantic", seen, asked, boundary_after_ms=1000) == 5


async def test_when_the_lag_is_used_up_the_likeliest_boundary_is_taken() -> None:
    policy = make_policy(config("semantic"))
    likely = {"今天天气": 0.1, "今天天气很": 0.55, "今天天气很好": 0.05}
    asked = Asked(lambda text: likely.get(text, 0.0))
    for text in (*likely, "今天天气很好的"):
        assert (await policy.decide(evidence(text, tail="呢"), asked)).count == 0
    late = evidence("今天天气很好的", tail="呢", lag_ms=5000)
    assert await policy.decide(late, asked) == Cut(5, 5000)


async def test_without_any_opinion_the_lag_is_bounded_still() -> None:
    asked = Asked(lambda _text: None)
    seen = evidence("今天天气很好的", tail="呢", lag_ms=5000)
    assert await decide("semantic", seen, asked) == 7
    assert await decide("semantic", evidence("今", lag_ms=5000), asked) == 1


# the others -------------------------------------------------------------------------------


async def test_fixed_cuts_by_the_clock() -> None:
    assert await decide("fixed", evidence("今天天气"), fixed_ms=1000) == 0
    assert await decide("fixed", evidence("今天天气很"), fixed_ms=1000) == 5
    assert await decide("fixed", evidence("今天天气很好的"), fixed_ms=1000) == 5
    long = replace(evidence("天"), words=(Word("天", (0,), 0, 3000, 0.9),))
    assert await decide("fixed", long, fixed_ms=1000) == 1


async def test_pause_cuts_at_pauses_only() -> None:
    assert await decide("pause", evidence("今天，天气。很好")) == 0
    assert await decide("pause", evidence("今天", silence_ms=400)) == 2
    assert await decide("pause", evidence("今天天气", pauses={400: Pause(400, 400)})) == 2
    assert await decide("pause", evidence("今天天气", lag_ms=5000)) == 4


async def test_wait_k_takes_k_at_a_time() -> None:
    assert await decide("wait-k", evidence("今天"), k=3) == 0
    assert await decide("wait-k", evidence("今天，天气很好"), k=3) == 4
    assert await decide("wait-k", replace(evidence("we go home now"), language="en"), k=3) == 3


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=12),
    st.integers(1, 30),
    st.integers(1, 30),
    st.booleans(),
)
def test_a_cut_is_moved_out_of_a_span_and_nowhere_else(
    lengths: list[int], count: int, stable: int, odd: bool
) -> None:
    stable, count = max(stable, count), min(stable, count)
    edges = list(itertools.accumulate(lengths, initial=0))
    spans = list(itertools.pairwise(edges))[odd::2]
    cut = clear(Cut(count, 700), stable, spans)
    assert cut.heard_ms == 700
    assert 0 <= cut.count <= stable
    assert not any(start < cut.count < stop for start, stop in spans)
    if not any(start < count < stop for start, stop in spans):
        assert cut.count == count
