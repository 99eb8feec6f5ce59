"""Which names recur in a recording, told by its chunks alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.recall.units import units
from models.speaking.mentions import lower_words, mentions

_LEAST_CHUNKS = 3
_LEAST_SHARE = 0.75
_LEAST_DICE = 0.5
_LONGEST = 6


def recurring(chunks: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Names of a recording into English, without a list: for capitalised words in at least three
    chunks, the stretch of the source, 2 to 6 characters, that goes with them (Dice's coefficient
    0.5 or more). Names that are never rendered the same thrice are not found."""
    where: dict[str, set[int]] = {}
    for at, (source, _) in enumerate(chunks):
        for stretch in _stretches(source):
            where.setdefault(stretch, set()).add(at)
    groups: dict[str, set[int]] = {}
    for at, texts in enumerate(capitals([text for _, text in chunks])):
        for text in texts:
            groups.setdefault(text, set()).add(at)
    found: dict[str, tuple[str, ...]] = {}
    for those in groups.values():
        if len(those) < _LEAST_CHUNKS:
            continue
        near = {stretch for at in those for stretch in _stretches(chunks[at][0])}
        near = {one for one in near if len(where[one] & those) >= _LEAST_SHARE * len(those)}
        dice = {one: 2 * len(where[one] & those) / (len(where[one]) + len(those)) for one in near}
        best = max(near, key=lambda one: (dice[one], len(one), one), default="")
        if best and dice[best] >= _LEAST_DICE:
            found.setdefault(best, ())
    return found


def capitals(texts: Sequence[str]) -> list[dict[str, bool]]:
    """Of each text the capitalised groups, and whether they stand within a sentence there or in
    another; an ordinary word at a sentence's beginning is taken off."""
    ordinary = set().union(*(lower_words(text) for text in texts))
    found: list[list[str]] = []
    within: set[str] = set()
    for text in texts:
        found.append([])
        for mention in mentions(text):
            plain = mention.opens and mention.words[0].lower() in ordinary
            name = " ".join(mention.words[1:] if plain else mention.words)
            if name:
                found[-1].append(name)
            if plain or not mention.opens:
                within.add(name)
    return [{name: name in within for name in names} for names in found]


def _stretches(source: str) -> Iterator[str]:
    raw = [unit.raw if unit.chinese else "" for unit in units(source)]
    for start in range(len(raw)):
        for stop in range(start + 2, min(start + _LONGEST, len(raw)) + 1):
            if not all(raw[start:stop]):
                break
            yield "".join(raw[start:stop])
