"""How soon something is seen, and how far chunks lag."""

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
    return [_first(segment, log.received, ends) for segment in recording.referenced]


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
    return [final.lag_ms / 1000 for final in log.finals]


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
