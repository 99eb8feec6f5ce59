"""Policies to compare with: fixed length, pause only, wait-k."""

from __future__ import annotations

from models.config import PolicyConfig
from models.policy.base import Boundary, Cut, Evidence, size


class FixedPolicy:
    """A chunk every `fixed_ms` of speech, wherever that falls."""

    def __init__(self, config: PolicyConfig) -> None:
        self._config = config

    async def decide(self, evidence: Evidence, boundary: Boundary) -> Cut:
        """See `ChunkPolicy.decide`."""
        if evidence.final:
            return Cut(len(evidence.words), evidence.heard_ms)
        until = evidence.words[0].start_ms + self._config.fixed_ms
        if evidence.words[-1].end_ms < until:
            return Cut(0, evidence.heard_ms)
        count = sum(word.end_ms <= until for word in evidence.words)
        return Cut(max(1, count), evidence.heard_ms)


class PausePolicy:
    """A chunk at every pause of the speaker; `max_lag_ms` bounds it."""

    def __init__(self, config: PolicyConfig) -> None:
        self._config = config

    async def decide(self, evidence: Evidence, boundary: Boundary) -> Cut:
        """See `ChunkPolicy.decide`."""
        if evidence.final or evidence.lag_ms >= self._config.max_lag_ms:
            return Cut(len(evidence.words), evidence.heard_ms)
        for count in range(len(evidence.words), 0, -1):
            heard_ms = evidence.paused_ms(count, self._config.pause_ms)
            if heard_ms is not None:
                return Cut(count, heard_ms)
        return Cut(0, evidence.heard_ms)


class WaitKPolicy:
    """Wait for k words (Chinese: characters), then speak k at a time (Ma et al. 2019, wait-k,
    arXiv 1810.08398, in its chunk-wise form: an LLM's committed output cannot grow by a word)."""

    def __init__(self, config: PolicyConfig) -> None:
        self._config = config

    async def decide(self, evidence: Evidence, boundary: Boundary) -> Cut:
        """See `ChunkPolicy.decide`."""
        if evidence.final:
            return Cut(len(evidence.words), evidence.heard_ms)
        for count in range(1, len(evidence.words) + 1):
            if size(evidence.words[:count], evidence.language) >= self._config.k:
                return Cut(count, evidence.heard_ms)
        return Cut(0, evidence.heard_ms)
