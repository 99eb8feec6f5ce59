"""The semantic-chunk policy: a chunk is a clause that can be translated on its own.

CLASI (arXiv 2407.21646, section 3) asks its LLM whether a complete semantic chunk was heard. Here
the evidence is cheaper and in this order: a pause, punctuation, the LLM's own probability that the
text ends here, and a maximum lag. The boundary's probability is asked for once a text.
"""

from __future__ import annotations

from models.config import PolicyConfig
from models.policy.base import Boundary, Evidence, ends_clause, ends_sentence, size


class SemanticPolicy:
    """The default. Parameters and what they trade: `PolicyConfig`."""

    def __init__(self, config: PolicyConfig) -> None:
        self._config = config
        self._scores: dict[int, float] = {}  # end_ms of a word -> boundary probability after it

    async def decide(self, evidence: Evidence, boundary: Boundary) -> int:
        """See `ChunkPolicy.decide`."""
        if evidence.final:
            return len(evidence.words)
        count = self._clause(evidence)
        waited = evidence.lag_ms >= self._config.boundary_after_ms
        if not count and waited and self._long_enough(evidence, len(evidence.words)):
            count = await self._probable(evidence, boundary)
        if not count and evidence.lag_ms >= self._config.max_lag_ms:
            count = self._best(evidence)
        if count:
            taken = evidence.words[count - 1].end_ms
            self._scores = {end: p for end, p in self._scores.items() if end > taken}
        return count

    def _long_enough(self, evidence: Evidence, count: int, least: int | None = None) -> bool:
        least = self._config.min_chars if least is None else least
        if evidence.language != "zh":
            least = max(1, round(least * 0.6))
        return size(evidence.words[:count], evidence.language) >= least

    def _clause(self, evidence: Evidence) -> int:
        """The last pause or mark that ends a chunk of sufficient length; 0 for none."""
        for count in range(len(evidence.words), 0, -1):
            word = evidence.words[count - 1]
            silence_ms = evidence.pause_ms(count)
            paused = silence_ms >= self._config.pause_ms
            least = self._config.min_chars
            if paused and ends_sentence(word):
                least = (least + 2) // 3  # short, but whole: 对。 那同时呢？
            if (paused or ends_clause(word)) and self._long_enough(evidence, count, least):
                return count
            if silence_ms >= 2 * self._config.pause_ms and count == len(evidence.words):
                return count
        return 0

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
