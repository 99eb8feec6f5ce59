"""The semantic-chunk policy: a chunk is a clause that can be translated on its own.

CLASI (arXiv 2407.21646, section 3) asks its LLM whether a complete semantic chunk was heard. Here
the evidence is cheaper and in this order: a pause, punctuation, the LLM's own probability that the
text ends here, and a maximum lag. The boundary's probability is asked for once a text.
"""

from __future__ import annotations

from models.config import PolicyConfig
from models.policy.base import Boundary, Cut, Evidence, ends_clause, ends_sentence, size


class SemanticPolicy:
    """The default. Parameters and what they trade: `PolicyConfig`."""

    def __init__(self, config: PolicyConfig) -> None:
        self._config = config
        self._scores: dict[int, float] = {}  # end_ms of a word -> boundary probability after it

    async def decide(self, evidence: Evidence, boundary: Boundary) -> Cut:
        """See `ChunkPolicy.decide`."""
        heard_ms, first_ms = evidence.heard_ms, evidence.words[0].start_ms
        # Not at the cut: it may be moved, and the same words asked about again.
        self._scores = {end: p for end, p in self._scores.items() if end > first_ms}
        if evidence.final:
            return Cut(len(evidence.words), heard_ms)
        cut = self._clause(evidence)
        long = size(evidence.words, evidence.language) >= self._least(evidence)
        if not cut.count and long and evidence.lag_ms >= self._config.boundary_after_ms:
            cut = Cut(await self._probable(evidence, boundary), heard_ms)
        if not cut.count and evidence.lag_ms >= self._config.max_lag_ms:
            cut = Cut(self._best(evidence), heard_ms)
        return cut

    def _least(self, evidence: Evidence) -> int:
        """The shortest chunk, in characters or words of its language."""
        least = self._config.min_chars
        return least if evidence.language == "zh" else max(1, round(least * 0.6))

    def _clause(self, evidence: Evidence) -> Cut:
        """At the last pause or mark that ends a chunk of sufficient length; else none."""
        pause_ms, least = self._config.pause_ms, self._least(evidence)
        for count in range(len(evidence.words), 0, -1):
            word = evidence.words[count - 1]
            length = size(evidence.words[:count], evidence.language)
            if ends_clause(word) and length >= least:
                return Cut(count, evidence.heard_ms)
            if ends_sentence(word):
                length *= 3  # short, but whole: 对。 那同时呢？
            heard_ms = evidence.paused_ms(count, pause_ms if length >= least else 2 * pause_ms)
            if heard_ms is not None:
                return Cut(count, heard_ms)
        return Cut(0, evidence.heard_ms)

    async def _probable(self, evidence: Evidence, boundary: Boundary) -> int:
        """All words, if the LLM is sure enough that they end here."""
        end = evidence.words[-1].end_ms
        if end not in self._scores:
            # An engine that cannot tell is not asked again about the same words.
            self._scores[end] = await boundary(evidence.words) or 0.0
        return len(evidence.words) if self._scores[end] >= self._config.boundary else 0

    def _best(self, evidence: Evidence) -> int:
        """Where to cut when the lag is used up: the most probable boundary seen."""

        def score(count: int) -> float:
            word = evidence.words[count - 1]
            mark = 1.0 if ends_sentence(word) else 0.8 if ends_clause(word) else 0.0
            known = max(mark, self._scores.get(word.end_ms, 0.0))
            return known + 0.2 * count / len(evidence.words)

        return max(range(1, len(evidence.words) + 1), key=score)
