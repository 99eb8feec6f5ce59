"""A segment's semantic fragments: what VIP counts.

RealSI's segments are such fragments, as its README says, and the paper's published figures count
them (29 rows for zh2en-04-fin in its figure 5). So a segment that is no longer than the paper lets
a fragment be stays whole, and a longer one is cut by the judge after the rules of appendix A.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.vip.answers import Ask, answered, objects
from evaluation.vip.prompts import FRAGMENTS
from evaluation.vip.spoken import Spoken

LONGEST_WORDS = 50
"""What a fragment may hold at most (appendix A.2)."""

Way = Literal["whole", "judge", "punctuation"]
"""Who cut a segment: nobody, the judge, or we at the ends of sentences since its answer was of no
use."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W\u3400-\u9fff\uf900-\ufaff]+(?:['’-]\w+)*")
_HAN_PER_WORD = 2  # characters of Chinese that count as a word
_END = re.compile(r"(?<=[。！？；!?;])[”’\"')）]*\s*|(?<=[.…])[”’\"')]*\s+")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One thought: what was said (may be empty), and what it means."""

    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A segment's fragments, in order; answers: all that the judge said to it; note: why those were
    of no use."""

    fragments: tuple[Fragment, ...]
    way: Way
    answers: tuple[str, ...] = ()
    note: str = ""


def words(text: str) -> float:
    """How many it has; two Chinese characters are one."""
    return len(_WORD.findall(text)) + len(_HAN.findall(text)) / _HAN_PER_WORD


async def cut(segment: Spoken, ask: Ask, longest_words: float = LONGEST_WORDS) -> Cut:
    """The fragments of a segment; asks only when its source or reference has more words.

    Raises JudgeError when the judge is not there.
    """
    whole = (Fragment(segment.source, segment.reference),)
    if max(words(segment.source), words(segment.reference)) <= longest_words:
        return Cut(whole, "whole")
    fields = {"source": segment.source, "reference": segment.reference}
    answer = await answered(FRAGMENTS.about(fields), ask, lambda text: _usable(text, segment))
    if answer.value is not None:
        return Cut(answer.value, "judge", answer.raw)
    return Cut(by_punctuation(segment) or whole, "punctuation", answer.raw, answer.note)


def by_punctuation(segment: Spoken) -> tuple[Fragment, ...]:
    """A fragment for each sentence; none when source and reference have not equally many."""
    references = _sentences(segment.reference)
    sources = _sentences(segment.source) if segment.source else [""] * len(references)
    if len(sources) != len(references):
        return ()
    return tuple(Fragment(*pair) for pair in zip(sources, references, strict=True))


def _sentences(text: str) -> list[str]:
    """Without those that hold only punctuation, which go with the one before."""
    found: list[str] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        piece = text[start:end].strip()
        start = end
        if _bare(piece):
            found.append(piece)
        elif found and piece:
            found[-1] += piece
    return found


def _usable(text: str, segment: Spoken) -> tuple[Fragment, ...] | None:
    """The fragments in an answer, if they are all of the segment and nothing else."""
    for body in objects(text):
        found = _fragments(body)
        if found and all(
            _bare("".join(parts)) == _bare(whole) and (not whole or all(map(_bare, parts)))
            for parts, whole in (
                ([fragment.source for fragment in found], segment.source),
                ([fragment.reference for fragment in found], segment.reference),
            )
        ):
            return found
    return None


def _fragments(body: Mapping[str, Any]) -> tuple[Fragment, ...]:
    """None where the object is not of the form asked for."""
    rows = body.get("fragments")
    found = []
    for row in rows if isinstance(rows, list) else ():
        pair = [row.get(name) for name in ("source", "reference")] if isinstance(row, dict) else []
        texts = [text.strip() for text in pair if isinstance(text, str)]
        if len(texts) != 2:
            return ()
        found.append(Fragment(*texts))
    return tuple(found)


def _bare(text: str) -> str:
    """Its letters, characters and digits, all in lower case: what a copy may not change."""
    return "".join(char for char in text.lower() if char.isalnum())
