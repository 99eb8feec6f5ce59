"""What a model wrote, taken for the JSON object that it was asked for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from evaluation.vip.judge import RefusedError
from evaluation.vip.prompts import AGAIN, Message

T = TypeVar("T")
Ask = Callable[[Sequence[Message]], Awaitable[str]]
"""The judge's text for a conversation. Raises JudgeError."""

UNUSABLE = "no usable answer"
_THOUGHT = "</think>"  # how reasoning models end what is not the answer


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in it, outermost ones only, past anything around them and past a model's
    reasoning."""
    rest = text.rpartition(_THOUGHT)[2]
    decoder = json.JSONDecoder()
    start = rest.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(rest, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield found
        start = rest.find("{", end)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """value: what was made of it; None when it was of no use, and note says why. raw: every answer
    as it came."""

    value: T | None
    raw: tuple[str, ...]
    note: str = ""


async def answered(
    conversation: Sequence[Message], ask: Ask, usable: Callable[[str], T | None]
) -> Answer[T]:
    """What `usable` makes of the judge's answer. One that it makes nothing of (None) is asked for
    once more. Raises JudgeError when the judge is not there."""
    raw: list[str] = []
    messages = list(conversation)
    for _ in range(2):
        try:
            raw.append(await ask(messages))
        except RefusedError as error:
            return Answer(None, tuple(raw), f"refused: {error}")
        value = usable(raw[-1])
        if value is not None:
            return Answer(value, tuple(raw))
        messages += [
            {"role": "assistant", "content": raw[-1]},
            {"role": "user", "content": AGAIN.text},
        ]
    return Answer(None, tuple(raw), UNUSABLE)
