"""Chunks to subtitle cues: lines that fit the screen, times that only go forward."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tongchuan.events import ChunkFinal

LINE_WIDTH = 42
"""Columns of a line; a full-width character takes two."""
LINES = 2
"""Lines of one language in a cue."""
SHORTEST_MS = 1000
"""A cue stays at least so long, unless the next one begins before."""

_CLOSING = set(",.!?;:%)]}’”，。！？；：、）】》」』…")  # may not begin a line
_TOKEN = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Cue:
    """Text on the screen from `start_ms` to `end_ms`, exclusive; lines of one or two languages."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def width(text: str) -> int:
    """Columns of `text` in a fixed-width font."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clean(text: str) -> str:
    """`text` on one line, without control characters."""
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return _TOKEN.sub(" ", spaced).strip()


def pieces(text: str) -> list[str]:
    """What a line may be broken between: words with the space before them, single full-width
    characters, closing punctuation with what it closes. They join to `text`."""
    found: list[str] = []
    for part in re.findall(r"\s*\S+", text):
        begin = len(found)
        for character in part:
            wide = _columns(character) == 2
            joins = (
                len(found) == begin
                or character in _CLOSING
                or not (wide or _columns(found[-1][-1]) == 2)
                or not found[-1].strip()
            )
            if joins and len(found) > begin:
                found[-1] += character
            else:
                found.append(character)
    return _breakable(found)


def _breakable(found: Sequence[str]) -> list[str]:
    """The pieces, with those longer than a line cut: a URL, a word without end."""
    cut: list[str] = []
    for piece in found:
        while width(piece.strip()) > LINE_WIDTH:
            keep, columns = 0, 0
            for character in piece:
                columns += _columns(character)
                if columns > LINE_WIDTH:
                    break
                keep += 1
            cut.append(piece[:keep])
            piece = piece[keep:]
        cut.append(piece)
    return cut


def wrap(text: str, limit: int = LINE_WIDTH) -> list[str]:
    """Lines of at most `limit` columns (at most LINE_WIDTH is always possible), filled greedily."""
    lines: list[str] = []
    line = ""
    for piece in pieces(clean(text)):
        if line and width((line + piece).strip()) > limit:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


def _balanced(text: str) -> tuple[str, ...]:
    """As few lines as `wrap` needs, of even lengths rather than a full one and a stub."""
    count = len(wrap(text))
    if count < 2:
        return tuple(wrap(text))
    limit = max(1, -(-width(text) // count))
    while limit < LINE_WIDTH and len(wrap(text, limit)) > count:
        limit += 1
    return tuple(wrap(text, limit))


def divide(text: str, parts: int) -> list[str]:
    """`text` in `parts` pieces of about equal width, cut where a line may break."""
    found = pieces(clean(text))
    total, shares, taken = sum(map(width, found)) or 1, [""] * parts, 0.0
    for piece in found:
        middle = taken + width(piece) / 2
        shares[min(parts - 1, int(middle * parts / total))] += piece
        taken += width(piece)
    return [share.strip() for share in shares]


def cues(chunks: Iterable[ChunkFinal], *, bilingual: bool = False) -> list[Cue]:
    """The cues of `chunks`: long ones divided, with time in proportion; overlaps pushed apart.

    bilingual: the source words under the translation. Chunks without a translation have no cue.
    """
    found: list[Cue] = []
    previous_ms = 0
    for chunk in chunks:
        shares = _shares(chunk, bilingual)
        if not shares:
            continue
        start_ms = max(chunk.start_ms, previous_ms)
        end_ms = max(chunk.end_ms, start_ms + len(shares))
        weights = [max(1, sum(map(width, lines))) for lines in shares]
        done = 0
        for index, (lines, weight) in enumerate(zip(shares, weights, strict=True)):
            done += weight
            stop_ms = start_ms + max(index + 1, round((end_ms - start_ms) * done / sum(weights)))
            begin_ms = max(start_ms, previous_ms)
            previous_ms = max(stop_ms, begin_ms + 1)
            found.append(Cue(begin_ms, previous_ms, lines))
    return _lingering(found)


def _shares(chunk: ChunkFinal, bilingual: bool) -> list[tuple[str, ...]]:
    """The lines of each cue of one chunk."""
    translation = clean(chunk.translation)
    source = clean(chunk.source) if bilingual else ""
    if not translation:
        return []
    parts = max(-(-len(wrap(text)) // LINES) for text in (translation, source))
    while True:
        shares = [
            (*_balanced(above), *_balanced(below))
            for above, below in zip(divide(translation, parts), divide(source, parts), strict=True)
            if above or below
        ]
        texts = (*divide(translation, parts), *divide(source, parts))
        if all(len(wrap(text)) <= LINES for text in texts):
            return shares
        parts += 1


def _lingering(found: Sequence[Cue]) -> list[Cue]:
    """Short cues stay on until the next one, at most to SHORTEST_MS."""
    lasting: list[Cue] = []
    for index, cue in enumerate(found):
        wanted_ms = max(cue.end_ms, cue.start_ms + SHORTEST_MS)
        if index + 1 < len(found):
            wanted_ms = max(cue.end_ms, min(wanted_ms, found[index + 1].start_ms))
        lasting.append(Cue(cue.start_ms, wanted_ms, cue.lines))
    return lasting
