"""Speech processors without weights, for simulstream's own server; run in its environment.

A token begins with ▁ where a space stands before it.
"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_sliding: Any = importlib.import_module(
    "simulstream.server.speech_processors.sliding_window_retranslation"
)


class Retranslating(_sliding.SlidingWindowRetranslator):  # type: ignore[misc]  # from elsewhere
    """Simulstream's own retranslation, with the model's outputs, one a window, in `hypotheses`.

    fails_at: the window, counted from 0, on which the model breaks.
    """

    @classmethod
    def load_model(cls, config: SimpleNamespace) -> None:
        """Nothing is to be loaded."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__(config)
        self.audio_history: NDArray[np.float32] | None = None
        self._windows = 0

    def _preprocess(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.audio_history is not None:
            waveform = np.concatenate((self.audio_history, waveform))
        self.audio_history = waveform[-int(self.window_len) :]
        return self.audio_history

    def _generate(self, speech: NDArray[np.float32]) -> list[str]:
        if self._windows == getattr(self.config, "fails_at", None):
            raise RuntimeError("the model broke")
        number = min(self._windows, len(self.config.hypotheses) - 1)
        self._windows += 1
        hypothesis: list[str] = self.config.hypotheses[number]
        return list(hypothesis)

    def tokens_to_string(self, tokens: list[str]) -> str:
        """The text that they make."""
        return "".join(tokens).replace("▁", " ")

    def set_source_language(self, language: str) -> None:
        """It is the same for all."""

    def set_target_language(self, language: str) -> None:
        """It is the same for all."""

    def clear(self) -> None:
        """The next stream begins."""
        super().clear()
        self._windows = 0
