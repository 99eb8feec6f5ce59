"""The interface of chunk policies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from models.listening.words import Word

Boundary = Callable[[tuple[Word, ...]], Awaitable[float | None]]
"""Probability, by the LLM, that these words end a clause; None where it cannot tell."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a policy is asked.

    words: stable, not yet in a chunk, in order; at least one. tail: heard, but not yet certain.
    heard_ms: audio listened to so far. silence_ms: since the last voice. pauses: for words after
    which the speaker paused, by their end, how long. final: nothing more will come for these words.
    language: "zh" or "en".
    """

    words: tuple[Word, ...]
    tail: tuple[Word, ...]
    heard_ms: int
    silence_ms: int
    pauses: Mapping[int, int]
    final: bool
    language: str

    @property
    def lag_ms(self) -> int:
        """How long the oldest word has waited."""
        return self.heard_ms - self.words[0].start_ms

    def pause_ms(self, count: int) -> int:
        """Silence after the first `count` words, as far as it has lasted; 0 where there is none."""
        known = self.pauses.get(self.words[count - 1].end_ms, 0)
        newest = count == len(self.words) and not self.tail
        return max(known, self.silence_ms) if newest else known


class ChunkPolicy(Protocol):
    """Decides where a chunk ends. One a session: it may keep state."""

    async def decide(self, evidence: Evidence, boundary: Boundary) -> int:
        """How many of `evidence.words` make the next chunk now; 0 to wait.

        When `evidence.final`, it must take at least one.
        """


def size(words: tuple[Word, ...], language: str) -> int:
    """Length in characters (Chinese, marks not counted) or words (English)."""
    if language == "zh":
        return sum(char.isalnum() for word in words for char in word.text)
    return sum(any(char.isalnum() for char in word.text) for word in words)


def ends_sentence(word: Word) -> bool:
    """Whether `word` closes a sentence."""
    return word.text.rstrip()[-1:] in tuple("。！？.!?…")


def ends_clause(word: Word) -> bool:
    """Whether `word` closes a clause (or a sentence)."""
    return word.text.rstrip()[-1:] in tuple("，；：,;:。！？.!?…")
