from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.engines.llm import Turn
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
