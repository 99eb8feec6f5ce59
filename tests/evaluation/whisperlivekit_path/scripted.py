"""`python -m scripted OPTIONS`: WhisperLiveKit's own server, whose recogniser needs no weights.

It hears one of WORDS each 200 ms, and the last one so far always as something else; run in its
environment. The words are Chinese where translation is asked for: `nllw` beside this file does it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

STEP_S = 0.2
_RATE = 16_000

_timed: Any = importlib.import_module("whisperlivekit.timed_objects")
_core: Any = importlib.import_module("whisperlivekit.core")
_english: dict[str, str] = importlib.import_module("nllw").ENGLISH

WORDS = [*_english]
if "--target-language" not in sys.argv:
    WORDS = [f" {word}" for word in _english.values()]


class Recogniser:
    """What LocalAgreement asks of one."""

    sep = ""
    tokenizer = None
    confidence_validation = False
    buffer_trimming = "segment"
    buffer_trimming_sec = 15.0
    backend_choice = "scripted"
    original_language: str | None = None

    def __init__(self) -> None:
        self._passes = 0

    def transcribe(self, audio: Any, init_prompt: str = "") -> list[str]:
        """The words so far. No two passes in a row agree on the last one, but for the very last."""
        self._passes += 1
        words = WORDS[: int(len(audio) / _RATE / STEP_S)]
        if 0 < len(words) < len(WORDS):
            words[-1] += "x" if self._passes % 2 else "xx"
        return words

    def ts_words(self, words: list[str]) -> list[Any]:
        """With their times."""
        times = [number * STEP_S for number in range(len(words))]
        return [
            _timed.ASRToken(start, start + STEP_S, word)
            for start, word in zip(times, words, strict=True)
        ]

    def segments_end_ts(self, words: list[str]) -> list[float]:
        """It is one segment."""
        return [len(words) * STEP_S]


def main() -> None:
    """Serve until told to stop."""
    _core.backend_factory = lambda **_options: Recogniser()
    importlib.import_module("whisperlivekit.basic_server").main()


if __name__ == "__main__":
    main()
