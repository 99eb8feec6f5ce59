"""How soon something is seen, how far chunks lag, how much of the previews is undone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.log import Received, SessionLog
from evaluation.recordings import Recording, Segment
from tongchuan.events import ChunkFinal, TranscriptPartial, TranslationDelta, TranslationPreview

_INTO_S = 0.2  # how far into a sentence text must reach to count as its own


@dataclass(frozen=True, slots=True)
class First:
    """Seconds from the beginning of a sentence to its first text; None when it never came.

    source: its words. any: a translation, preview or committed. committed: a committed one.
    """

    source: float | None
    any: float | None
    committed: float | None


def firsts(recording: Recording, log: SessionLog) -> list[First]:
    """For each segment with a reference translation.

    Text belongs to a segment when what it covers ends at least 0.2 s into it: a partial or a chunk
    by its `end_ms`, a preview by that of the partial shown with it.
    """
    ends = {
        item.event.chunk: item.event.end_ms
        for item in log.received
        if isinstance(item.event, ChunkFinal)
    }
    return [
        _first(segment, log.received, ends)
        for segment in recording.segments
        if segment.target.strip()
    ]


def _first(segment: Segment, received: Sequence[Received], ends: dict[int, int]) -> First:
    reaches_ms = (segment.start_s + _INTO_S) * 1000
    source = shown = committed = math.inf
    covered = 0
    for item in received:
        event, late = item.event, item.at_s - segment.start_s
        if isinstance(event, TranscriptPartial):
            covered = event.end_ms
        if late < 0:
            continue
        match event:
            case TranscriptPartial() if event.text.strip() and event.end_ms >= reaches_ms:
                source = min(source, late)
            case ChunkFinal() if event.source.strip() and event.end_ms >= reaches_ms:
                source = min(source, late)
            case TranslationDelta() if event.delta.strip():
                if ends.get(event.chunk, 0) >= reaches_ms:
                    committed = min(committed, late)
                    break  # nothing later can be first
            case TranslationPreview() if event.text.strip() and covered >= reaches_ms:
                shown = min(shown, late)
    return First(_known(source), _known(min(shown, committed)), _known(committed))


def _known(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def lags_s(log: SessionLog) -> list[float]:
    """`lag_ms` of every chunk, in seconds."""
    return [item.event.lag_ms / 1000 for item in log.received if isinstance(item.event, ChunkFinal)]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of `values` do not exceed (nearest rank); None without values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def drift(lags: Sequence[float]) -> float | None:
    """Median lag of the last third less that of the first third, seconds; None under 6 chunks."""
    third = len(lags) // 3
    if third < 2:
        return None
    return statistics.median(lags[-third:]) - statistics.median(lags[:third])


@dataclass(frozen=True, slots=True)
class Erasure:
    """Tokens that were shown and taken back, and tokens of the final text; adds up.

    Normalised erasure (Arivazhagan et al. 2020, arXiv 1912.03393): erased over final, where a
    change of the shown text from `a` to `b` erases len(a) - len(common prefix) tokens.
    """

    erased: int
    final: int

    def __add__(self, other: Erasure) -> Erasure:
        return Erasure(self.erased + other.erased, self.final + other.final)

    @property
    def normalised(self) -> float | None:
        """Erased tokens a final one; None when nothing was committed."""
        return self.erased / self.final if self.final else None


def erasure(log: SessionLog, language: str) -> Erasure:
    """Of the translation as the page shows it: committed text, then the preview.

    Words (Chinese: characters), case and marks aside. While a chunk grows, a preview from before it
    is shown as far as it goes on where the chunk is, as the page does.
    """
    done: list[str] = []
    growing = preview = ""
    fresh = True  # the preview is newer than the growing chunk
    before: list[str] = []
    erased = 0
    for item in log.received:
        match item.event:
            case TranslationPreview(text=text):
                preview, fresh = text.strip(), True
            case TranslationDelta(delta=delta):
                if not growing:
                    fresh = False
                growing += delta
            case ChunkFinal(translation=text):
                done += _tokens(text, language)
                growing, fresh = "", False
            case _:
                continue
        shown = done + _tokens(_unfinished(growing.strip(), preview, fresh=fresh), language)
        erased += _erased(before, shown)
        before = shown
    return Erasure(erased, len(done))


def _erased(before: Sequence[str], shown: Sequence[str]) -> int:
    """Tokens of `before` that `shown` does not begin with; a last word may have grown."""
    was, now = "\n".join(before), "\n".join(shown)
    same = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), None)
    same = min(len(was), len(now)) if same is None else same
    return len(was[same:].split())


def _unfinished(said: str, preview: str, *, fresh: bool) -> str:
    """The growing chunk and what is shown of the preview after it."""
    if said and preview.lower().startswith(said.lower()):
        return said + preview[len(said) :]
    return f"{said} {preview}" if fresh else said


def _tokens(text: str, language: str) -> list[str]:
    lowered = text.lower()
    pieces = [c for c in lowered if not c.isspace()] if language == "zh" else lowered.split()
    words = ("".join(c for c in piece if c.isalnum()) for piece in pieces)
    return [word for word in words if word]
