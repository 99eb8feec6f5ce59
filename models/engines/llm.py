"""The language model as the rest sees it: a conversation in, text out, a boundary's probability."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from models.engines.gate import Priority
from models.interpreter import Telemetry

_CONTROL = re.compile(r"<\|[^|<>]{0,40}\|>|</?s>|\[/?INST\]")


def plain(text: str) -> str:
    """`text` without anything that a chat template could take for its own marks."""
    return _CONTROL.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Turn:
    """One past chunk: what the model was given and what it gave."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Role and direction, the memory, and the new chunk. All texts are `plain`."""

    system: str
    turns: tuple[Turn, ...]
    user: str


class Lane(Protocol):
    """One session's use of a model: its prefix cache stays its own. Not for concurrent calls."""

    def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int,
        priority: Priority,
        telemetry: Telemetry,
        prefix: str = "",
        ban_cjk: bool = False,
    ) -> AsyncGenerator[str, None]:
        """Stream the assistant's answer; it continues `prefix`, which is not repeated.

        ban_cjk: no Chinese characters, where the engine can rule them out.
        A preempted preview ends early by raising PreemptedError.
        Raises EngineError when the model fails or exceeds its time.
        Closing the iterator stops the generation.
        """

    async def boundary(
        self, conversation: Conversation, language: str, telemetry: Telemetry
    ) -> float | None:
        """Probability that the text in `conversation.user` ends at a clause's end.

        It is the next token's probability of being punctuation or the end of the turn.
        None where the engine cannot tell.
        """

    def close(self) -> None:
        """Give the lane back. Idempotent."""


class LanguageModel(Protocol):
    """Loaded once, shared by all sessions."""

    fault: str | None

    async def start(self) -> None:
        """Load and warm. Raises EngineError or WeightsError."""

    def lane(self) -> Lane:
        """A session's lane."""

    @property
    def idle(self) -> bool:
        """Whether a preview could run now without anybody waiting."""

    async def close(self) -> None:
        """Free the model. Idempotent."""


class PreemptedError(Exception):
    """A preview gave its place to something more urgent."""
