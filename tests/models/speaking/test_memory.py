from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from models.engines.llm import Turn
from models.events import Term
from models.speaking.memory import Memory, cost, estimate

TEXT = st.text(alphabet="你好世界 abc.", max_size=60)


@settings(max_examples=60)
@given(turns=st.lists(st.builds(Turn, TEXT, TEXT), max_size=40), budget=st.integers(0, 300))
def test_it_keeps_the_newest_turns_within_the_budget(turns: list[Turn], budget: int) -> None:
    memory = Memory(budget)
    for turn in turns:
        before = memory.turns
        memory.add(turn)
        kept = memory.turns
        assert memory.tokens == sum(cost(one) for one in kept) <= budget
        everything = (*before, turn)
        assert kept == everything[len(everything) - len(kept) :]
        if len(kept) < len(everything):
            assert memory.tokens <= budget // 2, "what goes, goes at once"


def test_the_prefix_stays_the_same_between_cuts() -> None:
    memory = Memory(400)
    cuts = 0
    for number in range(60):
        before = memory.turns
        memory.add(Turn(f"第{number}句话说得很清楚", f"Sentence {number} is clear."))
        cuts += memory.turns[: len(before)] != before
    assert 0 < cuts <= 60 / 6


def test_no_budget_no_memory() -> None:
    memory = Memory(0)
    memory.add(Turn("你好", "Hello"))
    assert memory.turns == ()
    assert memory.tokens == 0


@given(TEXT, TEXT)
def test_an_estimate_grows_with_the_text(one: str, more: str) -> None:
    assert 1 <= estimate(one) <= estimate(one + more) <= estimate(one) + estimate(more)


def test_it_shows_a_name_while_a_chunk_with_its_rendering_is_kept() -> None:
    memory = Memory(200)
    term = Term("马奎尔", "Maguire")
    memory.add(Turn("马奎尔来了", "Mackellar came."))
    assert not memory.shows(term), "rendered otherwise"
    memory.add(Turn("马奎尔又来了", "Maguire came again."))
    assert memory.shows(term)
    assert not memory.shows(Term("马亏尔", "Maguire"))
    for _ in range(12):
        memory.add(Turn("别的事情我们以后再说", "We will talk about other things later."))
    assert not memory.shows(term)


@settings(max_examples=60)
@given(
    turns=st.lists(st.builds(Turn, TEXT, TEXT), max_size=40),
    budget=st.integers(0, 300),
    names=st.text(alphabet="名 a", max_size=90),
)
def test_what_leaves_is_told_once_and_behind_what_stays(
    turns: list[Turn], budget: int, names: str
) -> None:
    made: list[Turn] = []

    def digest() -> Turn:
        made.append(Turn(f"名{names}", f"{len(made)}"))
        return made[-1]

    memory = Memory(budget, digest)
    for turn in turns:
        before, cuts = memory.turns, len(made)
        memory.add(turn)
        assert memory.tokens == sum(map(cost, memory.turns)) <= budget
        if len(made) == cuts:
            assert memory.turns == (*before, turn), "it changes at cuts only"
            continue
        chunks = [one for one in (*before, turn) if not _any(one, made)]
        kept = [one for one in memory.turns if not _any(one, made)]
        assert kept == chunks[len(chunks) - len(kept) :]
        assert memory.turns in ((*kept, made[-1]), tuple(kept)), "the newest, and it stands last"
        assert len(memory.turns) > len(kept) or cost(made[-1]) > budget // 4


def _any(turn: Turn, those: Sequence[Turn]) -> bool:
    return any(turn is one for one in those)


def test_the_digest_is_there_after_a_cut_and_nothing_comes_before_what_stays() -> None:
    digest = Turn("马奎尔", "Maguire")
    memory = Memory(200, lambda: digest)
    before = memory.turns
    while digest not in memory.turns:
        assert len(memory.turns) < 10
        before = memory.turns
        memory.add(Turn("别的事情我们以后再说", "We will talk about other things later."))
    assert memory.turns[-1] == digest
    assert len(before) == 6
    assert memory.turns[:2] == before[-2:], "without the older four: one run of the cache"
    assert len(memory.turns) == 4
    assert not memory.shows(Term("马奎尔", "Maguire")), "a list is not a use"


def test_no_digest_where_there_is_nothing_to_say() -> None:
    memory = Memory(200, lambda: None)
    for _ in range(20):
        memory.add(Turn("别的事情我们以后再说", "We will talk about other things later."))
    assert {turn.user for turn in memory.turns} == {"别的事情我们以后再说"}
