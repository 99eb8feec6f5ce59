"""Recordings and logs made up by hand, for worked examples."""

from __future__ import annotations

from pathlib import Path

from evaluation.emissions import Emission
from evaluation.log import Received, SessionLog
from evaluation.recordings import Recording, Segment
from tongchuan.events import (
    ChunkFinal,
    Event,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)


def recording(*segments: tuple[float, float, str, str], source: str = "zh") -> Recording:
    """Of `(start, end, source, target)`."""
    target = "en" if source == "zh" else "zh"
    made = tuple(Segment(*segment) for segment in segments)
    return Recording(f"{source}-made", Path("none.flac"), segments[-1][1], source, target, made)


SENTENCES = recording((0.0, 2.0, "甲", "Alpha beta"), (2.0, 4.0, "乙", "Gamma delta"))
WORDS = [
    Emission("Alpha", 1000, 1500),
    Emission("beta", 1500, 2000),
    Emission("Gamma", 3000, 3500),
    Emission("delta", 3500, 4000),
]
"""A worked example: two sentences of 2 s, and their words by both clocks."""


def log(*received: tuple[float, Event], duration_s: float = 10.0, speed: float = 1.0) -> SessionLog:
    """Of `(at_s, event)`; all audio up to then had been sent."""
    rows = tuple(
        Received(at_s, round(min(at_s, duration_s) * 1000), event) for at_s, event in received
    )
    return SessionLog("zh-made", duration_s, speed, rows)


def partial(text: str, end_ms: int) -> TranscriptPartial:
    """Source words up to `end_ms`."""
    return TranscriptPartial(1, 0, text, 0, end_ms)


def preview(text: str) -> TranslationPreview:
    """A preview."""
    return TranslationPreview(1, 0, text)


def delta(chunk: int, text: str) -> TranslationDelta:
    """Committed text."""
    return TranslationDelta(1, 0, chunk, text)


def final(chunk: int, source: str, text: str, end_ms: int, lag_ms: int = 0) -> ChunkFinal:
    """A complete chunk."""
    return ChunkFinal(1, 0, chunk, source, text, 0, end_ms, lag_ms)
