"""Syllables as symbols of one fixed inventory, for the multimodal scorer."""

from __future__ import annotations

from models.recall.latin import NEUTRAL
from models.recall.syllables import spoken
from models.recall.units import units

Phones = tuple[str, ...]
"""Three symbols a syllable: initial, final and tone, e.g. `m_`, `_a`, `3`."""

_INITIALS = ("", *"b p m f d t n l g k h j q x zh ch sh r z c s".split())
_FINALS = (
    *("", NEUTRAL),
    *"a ai an ang ao e ei en eng er i ia ian iang iao ie in ing iong iou o ong ou".split(),
    *"u ua uai uan uang uei uen ueng uo v van ve vn ê".split(),
)
_TONES = ("0", "1", "2", "3", "4", "5")
SYMBOLS: tuple[str, ...] = (
    *(f"{initial}_" for initial in _INITIALS),
    *(f"_{final}" for final in _FINALS),
    *_TONES,
)
"""All symbols there are; their order is part of the trained scorer."""


def phones(text: str) -> Phones:
    """How `text` sounds, three symbols a syllable; Latin words have tone 0. No sentence ends."""
    return tuple(
        symbol
        for syllable, _ in spoken(units(text))
        if syllable is not None
        for symbol in (f"{syllable.initial}_", f"_{syllable.final}", str(syllable.tone))
    )
