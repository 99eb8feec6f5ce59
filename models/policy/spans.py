"""Cuts that would go through a term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.policy.base import Cut


def clear(cut: Cut, stable: int, spans: Sequence[tuple[int, int]]) -> Cut:
    """`cut`, moved out of the span that it goes through: behind the span where all of it is stable,
    else before it; nothing is cut when it is what comes first.

    stable: words that may be taken. spans: first and last (exclusive) word of each, apart from
    each other; they may reach into words that are not certain yet.
    """
    for start, stop in spans:
        if start < cut.count < stop:
            return replace(cut, count=stop if stop <= stable else start)
    return cut
