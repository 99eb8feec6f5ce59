"""The memory of past chunks (CLASI's LOAD_MEM and UPDATE_MEM), append-only between rare cuts.

Prefilling is what a small machine pays for, so the conversation's prefix must stay the same from
chunk to chunk: memory only grows, and when it is over its budget the older half leaves at once.
"""

from __future__ import annotations

from models.engines.llm import Turn

_TURN_OVERHEAD = 12


class Memory:
    """Past chunks of one session, within a budget of LLM tokens."""

    def __init__(self, budget_tokens: int) -> None:
        self._budget = budget_tokens
        self._turns: list[Turn] = []
        self._tokens = 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The chunks kept, oldest first."""
        return tuple(self._turns)

    @property
    def tokens(self) -> int:
        """Estimated length in tokens; at most the budget."""
        return self._tokens

    def add(self, turn: Turn) -> None:
        """Remember a chunk; over the budget, the older half is forgotten."""
        self._turns.append(turn)
        self._tokens += cost(turn)
        if self._tokens > self._budget:
            while self._turns and self._tokens > self._budget // 2:
                self._tokens -= cost(self._turns.pop(0))


def cost(turn: Turn) -> int:
    """Estimated tokens of a turn: an upper guess that needs no tokenizer."""
    return estimate(turn.user) + estimate(turn.assistant) + _TURN_OVERHEAD


def estimate(text: str) -> int:
    """Estimated tokens of a text: 0.8 a Chinese character, 0.3 any other one, and one."""
    wide = sum(ord(char) > 0x2E7F for char in text)
    return 1 + round(0.8 * wide + 0.3 * (len(text) - wide))
