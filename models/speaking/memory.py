"""The memory of past chunks (CLASI's LOAD_MEM and UPDATE_MEM), append-only between rare cuts.

Prefilling is what a small machine pays for, so the conversation's prefix must stay the same from
chunk to chunk: memory only grows, and when it is over its budget the older half leaves at once.
What leaves is kept as a turn (`digest`), which comes behind the turns that stay: those are in the
cache. Nothing is ever put before them.
"""

from __future__ import annotations

from collections.abc import Callable

from models.engines.llm import Turn
from models.events import Term

_TURN_OVERHEAD = 12


def _nothing() -> None:
    return None


class Memory:
    """Past chunks of one session, within a budget of LLM tokens.

    digest: the turn that stands for all chunks that have left, e.g. `digest.digest` of the
    session's names; None for none.
    """

    def __init__(self, budget_tokens: int, digest: Callable[[], Turn | None] = _nothing) -> None:
        self._budget = budget_tokens
        self._made = digest
        self._turns: list[Turn] = []
        self._digest: Turn | None = None
        self._tokens = 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The chunks kept, oldest first; after a cut with the digest among them, where the
        cut was."""
        return tuple(self._turns)

    @property
    def tokens(self) -> int:
        """Estimated length in tokens; at most the budget."""
        return self._tokens

    def add(self, turn: Turn) -> None:
        """Remember a chunk; over the budget, the older half is forgotten."""
        self._append(turn)
        if self._tokens > self._budget:
            self._cut()

    def shows(self, term: Term) -> bool:
        """Whether a kept chunk has `term` with its rendering: the LLM sees it in use there, and
        need not be told again. In the digest it only stands."""
        return any(
            term.source in turn.user and term.target in turn.assistant
            for turn in self._turns
            if turn is not self._digest
        )

    def _cut(self) -> None:
        """The older half of the budget leaves, with the digest before; a new one may take a
        quarter."""
        while self._turns and self._tokens > self._budget // 2:
            self._remove(0)
        for at, turn in enumerate(self._turns):
            if turn is self._digest:
                self._remove(at)
                break
        self._digest = self._made()
        if self._digest is not None and cost(self._digest) <= self._budget // 4:
            self._append(self._digest)

    def _append(self, turn: Turn) -> None:
        self._turns.append(turn)
        self._tokens += cost(turn)

    def _remove(self, at: int) -> None:
        self._tokens -= cost(self._turns.pop(at))


def cost(turn: Turn) -> int:
    """Estimated tokens of a turn: an upper guess that needs no tokenizer."""
    return estimate(turn.user) + estimate(turn.assistant) + _TURN_OVERHEAD


def estimate(text: str) -> int:
    """Estimated tokens of a text: 0.8 a Chinese character, 0.3 any other one, and one."""
    wide = sum(ord(char) > 0x2E7F for char in text)
    return 1 + round(0.8 * wide + 0.3 * (len(text) - wide))
