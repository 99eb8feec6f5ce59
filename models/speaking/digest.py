"""What chunks that have left the memory leave behind: the names met, and the words said often.

A line for the system message, made anew only when chunks leave, when the prompt changes anyhow. On
the texts of realsi-dev 09-sport, from the first cut on (45 chunks, Qwen2.5-Coder 1.5B), with the
ledger: BLEU 16.2 and chrF 40.7 without the line, 19.1 and 42.8 with it. No model is asked for it;
what a chunk's register was cannot be had so, and is left to the chunks that are kept.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from models.engines.llm import Turn, plain
from models.events import Term
from models.recall.units import Unit, units

_CHUNKS = 60  # the newest that left
_MOST_UNITS = 96  # of a chunk
_NAMES, _WORDS = 12, 8
_LEAST_OFTEN = 2
_MOST_CHARS = 240
# Characters of everyday words, which say nothing of a topic.
_PLAIN = frozenset("的了是我们你他她它这那就也都说吗呢吧啊呃嗯个着一不有在对还上下来去看")


class Digest:
    """Of one session. names: those met so far, the latest used last."""

    def __init__(self, names: Callable[[], Sequence[Term]]) -> None:
        self._names = names
        self._left: deque[tuple[Unit, ...]] = deque(maxlen=_CHUNKS)

    def of(self, turns: Iterable[Turn]) -> str:
        """One line about these chunks, which leave now, and those before; at most 240 characters,
        "" when there is nothing to say."""
        for turn in turns:
            self._left.append(units(turn.user.partition("\n")[0])[:_MOST_UNITS])
        listed = [f"{term.source} = {term.target}" for term in self._names()[-_NAMES:]]
        names = f"Names so far: {'; '.join(listed)}." if listed else ""
        words = self._words()
        said = f"Words so far: {', '.join(words)}." if words else ""
        line = " ".join(plain(f"{names} {said}").split())
        return line if len(line) <= _MOST_CHARS else line[:_MOST_CHARS].rpartition(" ")[0]

    def _words(self) -> list[str]:
        """The Chinese words of two and three characters that came most often, not one in the
        other where they came together."""
        counts = Counter(word for text in self._left for word in dict.fromkeys(_stretches(text)))
        often = [word for word, count in counts.most_common(5 * _WORDS) if count >= _LEAST_OFTEN]
        return [
            word
            for word in often
            if not any(word in other and counts[other] >= counts[word] - 1 for other in often
                       if other != word)
        ][:_WORDS]  # fmt: skip


def _stretches(text: Sequence[Unit]) -> Iterator[str]:
    for length in (2, 3):
        for start in range(len(text) - length + 1):
            stretch = text[start : start + length]
            if all(unit.chinese and unit.raw not in _PLAIN for unit in stretch):
                yield "".join(unit.raw for unit in stretch)
