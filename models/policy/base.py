"""The interface of chunk policies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from models.listening.words import Word

Boundary = Callable[[tuple[Word, ...]], Awaitable[float | None]]
"""Probability, by the LLM, that these words end a clause; None where it cannot tell."""


class Pause(NamedTuple):
    """The speaker is silent, or was. start_ms: since when. length_ms: for how long, so far."""

    start_ms: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a policy is asked.

    words: stable, not yet in a chunk, in order; at least one. tail: heard, but not yet certain.
    heard_ms: audio that the words rest on. pauses: for words after which the speaker paused, by
    their end. final: nothing more will come for these words. language: "zh" or "en".
    """

    words: tuple[Word, ...]
    tail: tuple[Word, ...]
    heard_ms: int
    pauses: Mapping[int, Pause]
    final: bool
    language: str

    @property
    def lag_ms(self) -> int:
        """How long the oldest word has waited."""
        return self.heard_ms - self.words[0].start_ms

    def paused_ms(self, count: int, length_ms: int) -> int | None:
        """The audio by which a pause of `length_ms` was heard after the first `count` words; None
        if there was none of that length."""
        pause = self.pauses.get(self.words[count - 1].end_ms)
        if pause is None or pause.length_ms < length_ms:
            return None
        return max(self.heard_ms, pause.start_ms + length_ms)


@dataclass(frozen=True, slots=True)
class Cut:
    """A decision: the first `count` words make the next chunk, 0 to wait. heard_ms: the audio that
    this rests on."""

    count: int
    heard_ms: int


class ChunkPolicy(Protocol):
    """Decides where a chunk ends. One a session: it may keep state."""

    async def decide(self, evidence: Evidence, boundary: Boundary) -> Cut:
        """Whether, and with how many of `evidence.words`, the next chunk ends now.

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
