"""Whether the terms of a chunk stand in its translation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.events import Term
from models.recall.units import units

_ARTICLES = frozenset(("a", "an", "the"))
_MOST_CHARS = 120  # of a rendering that goes into a prompt


def rendering(term: Term) -> str:
    """How the LLM is told to render `term`: of alternatives (`A/B`, `A (B)`) the first; "" for
    what is too long to be a term in a sentence."""
    text = " ".join(term.target.split())
    first = _alternatives(text)[0]
    return first if len(first) <= _MOST_CHARS else ""


def stands(term: Term, translation: str) -> bool:
    """Whether one of the renderings is in `translation`, its words whole and in order. Case,
    width, script, an English plural, punctuation and a leading article do not matter."""
    text = _words(translation)
    return any(
        _within(words, text)
        for words in map(_words, _alternatives(" ".join(term.target.split())))
        if words
    )


def missing(terms: Sequence[Term], translation: str) -> tuple[Term, ...]:
    """Those that do not stand in it."""
    return tuple(term for term in terms if not stands(term, translation))


def kept(before: str, after: str) -> float:
    """The share of the words of `before` that `after` has too; 1 for none."""
    words, there = _words(before), set(_words(after))
    return sum(word in there for word in words) / len(words) if words else 1.0


def _alternatives(target: str) -> list[str]:
    """`A/B` and `A (B)` are two each where A is more than a word; TCP/IP is one."""
    if not re.search(r"\s|[㐀-鿿]", target):
        return [target]
    parts = [part.strip() for part in re.split(r"[/()（）]", target)]
    return [part for part in parts if part] or [target]


def _words(text: str) -> tuple[str, ...]:
    words = tuple(unit.written for unit in units(text) if unit.written)
    return words[1:] if len(words) > 1 and words[0] in _ARTICLES else words


def _within(words: tuple[str, ...], text: tuple[str, ...]) -> bool:
    return any(
        all(map(_same, words, text[at : at + len(words)]))
        for at in range(len(text) - len(words) + 1)
    )


def _same(one: str, other: str) -> bool:
    return one == other or other == _plural(one) or one == _plural(other)


def _plural(word: str) -> str:
    """What `Unit.written`, which takes the s away, leaves of a plural in -ies or -es."""
    if word.endswith("y"):
        return f"{word[:-1]}ie"
    return f"{word}e" if word.endswith(("s", "x", "z", "ch", "sh")) else word
