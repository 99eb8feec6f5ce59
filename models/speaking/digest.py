"""What chunks that have left the memory leave behind: the names and terms met, as one more chunk.

It reads like an interpreter's turn, names and their renderings, and stands behind the chunks that
are kept: there it costs its own tokens once, where a line in the system message had every kept
chunk read again. No model is asked for it; what a chunk's register was cannot be had so, and is
left to the chunks that are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.engines.llm import Turn, plain
from models.events import Term

_NAMES = 12
_MOST_CHARS = 200  # of either side


def digest(names: Sequence[Term], target: str) -> Turn | None:
    """A turn that renders the 12 newest of `names`, the latest used last, into `target`; of those
    the newest that fit 200 characters; None when there are none."""
    said, rendered = ("、", ", ") if target == "en" else (", ", "、")
    pairs = [(_line(term.source), _line(term.target)) for term in names[-_NAMES:]]
    pairs = [pair for pair in pairs if all(pair)]
    while pairs:
        turn = Turn(said.join(one for one, _ in pairs), rendered.join(one for _, one in pairs))
        if max(len(turn.user), len(turn.assistant)) <= _MOST_CHARS:
            return turn
        del pairs[0]
    return None


def _line(text: str) -> str:
    return " ".join(plain(text).split())
