"""Pieces of text as numbered lines of bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_LINE_CHARS = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. `cut`: it is longer than the limit, and this is its beginning."""

    number: int
    text: str
    cut: bool = False


def lines(pieces: Iterable[str], most: int = MAX_LINE_CHARS) -> Iterator[Line]:
    """The lines of a text that comes in pieces, from number 1; a last empty one is left out.

    Memory is bounded by `most` characters and one piece.
    """
    number, rest, cut = 1, "", False
    for piece in pieces:
        first, *others = piece.split("\n")
        rest += first
        if len(rest) > most:
            rest, cut = rest[:most], True
        for other in others:
            yield Line(number, rest, cut)
            number, rest, cut = number + 1, other[:most], len(other) > most
    if rest:
        yield Line(number, rest, cut)
