"""In the place of NLLW, which WhisperLiveKit translates with: words from a list."""

from __future__ import annotations

import importlib
from typing import Any

ENGLISH = {"我们": "We", "明天": "tomorrow", "上午": "morning", "九点": "nine", "见面": "meet"}

_timed: Any = importlib.import_module("whisperlivekit.timed_objects")


def load_model(languages: list[str], **_options: str) -> dict[str, str]:
    """The list."""
    return ENGLISH


class OnlineTranslation:
    """One session: all words but the last one are certain."""

    def __init__(self, model: dict[str, str], sources: list[str], targets: list[str]) -> None:
        self._model = model
        self._pending: list[Any] = []

    def insert_tokens(self, tokens: list[Any]) -> None:
        """More words."""
        self._pending += tokens

    def insert_silence(self, seconds: float) -> None:
        """Nothing was said."""

    def process(self) -> tuple[Any, Any]:
        """What is certain, and the rest."""
        *certain, last = self._pending
        self._pending = [last]
        return self._translated(certain, last.start), self._translated([last], last.start)

    def validate_buffer_and_reset(self) -> tuple[Any, Any]:
        """All of it is certain."""
        certain, self._pending = self._pending, []
        return self._translated(certain, 0.0), _timed.TimedText()

    def _translated(self, tokens: list[Any], at_s: float) -> Any:
        text = " ".join(self._model[token.text] for token in tokens)
        start, end = (tokens[0].start, tokens[-1].end) if tokens else (at_s, at_s)
        return _timed.Translation(start, end, text)
