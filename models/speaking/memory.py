"""The memory of past chunks (CLASI's LOAD_MEM and UPDATE_MEM), append-only between rare cuts.

Prefilling is what a small machine pays for, so the conversation's prefix must stay the same from
chunk to chunk: memory only grows, and when it is over its budget the older half leaves at once.
What leaves is kept as a line (`digest`), which changes at that moment only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.engines.llm import Turn
from models.events import Term

_TURN_OVERHEAD = 12


def _forgotten(_: Sequence[Turn]) -> str:
    return ""


class Memory:
    """Past chunks of one session, within a budget of LLM tokens.

    digest: makes a line of the chunks that leave, e.g. `Digest.of`; without it they are gone.
    """

    def __init__(
        self, budget_tokens: int, digest: Callable[[Sequence[Turn]], str] = _forgotten
    ) -> None:
        self._budget = budget_tokens
        self._digested = digest
        self._turns: list[Turn] = []
        self._tokens = 0
        self.digest = ""
        """About the chunks that left; for the system message."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The chunks kept, oldest first."""
        return tuple(self._turns)

    @property
    def tokens(self) -> int:
        """Estimated length in tokens, the digest's too; at most the budget."""
        return self._tokens + (estimate(self.digest) if self.digest else 0)

    def add(self, turn: Turn) -> None:
        """Remember a chunk; over the budget, the older half is forgotten."""
        self._turns.append(turn)
        self._tokens += cost(turn)
        if self.tokens > self._budget:
            self._cut()

    def shows(self, term: Term) -> bool:
        """Whether a kept chunk has `term` with its rendering: the LLM sees it there, and need not
        be told again."""
        return any(
            term.source in turn.user and term.target in turn.assistant for turn in self._turns
        )

    def _cut(self) -> None:
        """The older half of the budget leaves, and the line about it may take a quarter."""
        left: list[Turn] = []
        while self._turns and self._tokens > self._budget // 2:
            left.append(self._turns.pop(0))
            self._tokens -= cost(left[-1])
        line = self._digested(left)
        self.digest = line if line and estimate(line) <= self._budget // 4 else ""


def cost(turn: Turn) -> int:
    """Estimated tokens of a turn: an upper guess that needs no tokenizer."""
    return estimate(turn.user) + estimate(turn.assistant) + _TURN_OVERHEAD


def estimate(text: str) -> int:
    """Estimated tokens of a text: 0.8 a Chinese character, 0.3 any other one, and one."""
    wide = sum(ord(char) > 0x2E7F for char in text)
    return 1 + round(0.8 * wide + 0.3 * (len(text) - wide))
