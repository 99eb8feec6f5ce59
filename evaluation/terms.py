"""Whether annotated terms come through: their recall, precision and F1 in the translation, as
CLASI's evaluation of terminology does (arXiv 2407.21646).

A term stands in a text when its words do, in order and whole. Case, full width, punctuation,
apostrophes, hyphens (e-mail, email), a plural's s and a leading article do not matter, nor does
the script of Chinese; a Chinese character is a word. `A/B` and `A (B)` are found as either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluation.recordings import Segment
from models.errors import TongchuanError
from models.listening.script import simplified
from tongchuan.events import Term

_CJK = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = rf"[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*"
# What may stand within a word: a hyphen, the dots of U.S., the comma of 27,000.
_SEAM = r"(?:[-\u2010\u2011\u2013]|(?<=[^\W\d_])\.(?=[^\W\d_])|(?<=\d),(?=\d{3}(?!\d)))"
_APART = re.compile(rf"[{_CJK}]|{_WORD}")
_TOGETHER = re.compile(rf"[{_CJK}]|{_WORD}(?:{_SEAM}{_WORD})*")
_ARTICLES = ("the", "a", "an")
_LEAST_PLURAL = 4  # letters: "gas" is none


class TermError(TongchuanError):
    """Terms cannot be counted. Says what does not fit together."""


@dataclass(frozen=True, slots=True)
class TermScore:
    """Terms counted over segments; adds up.

    annotated: terms of the references, each once a segment. hits: those in the segment's output.
    false_alarms: terms of the glossary in the output of a segment whose reference has nothing of
    them. unsaid: those of the false alarms that are not said in the segment either: where a term
    is said, and neither annotated nor in the reference, translating it so is no mistake.
    """

    annotated: int = 0
    hits: int = 0
    false_alarms: int = 0
    unsaid: int = 0

    def __add__(self, other: TermScore) -> TermScore:
        return TermScore(
            self.annotated + other.annotated,
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
            self.unsaid + other.unsaid,
        )

    @property
    def recall(self) -> float | None:
        """Hits an annotated term; None when none is annotated."""
        return self.hits / self.annotated if self.annotated else None

    @property
    def precision(self) -> float | None:
        """Hits a term in the output; None when it has none."""
        found = self.hits + self.false_alarms
        return self.hits / found if found else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None when nothing is annotated and nothing was found."""
        total = self.annotated + self.hits + self.false_alarms
        return 2 * self.hits / total if total else None


def term_score(
    segments: Sequence[Segment], outputs: Sequence[str], glossary: Sequence[Term], language: str
) -> TermScore:
    """Of the outputs (in `language`, one a segment) that are aligned to `segments`.

    A term of `glossary` is a false alarm where it stands in the output and neither in the
    reference nor in an annotated term. Terms with the same target count once a segment, and a
    target without a word never. Raises TermError when there is not one output a segment.
    """
    if len(segments) != len(outputs):
        raise TermError(
            f"{len(outputs)} outputs for {len(segments)} segments; give one for each, "
            "an empty one where nothing came"
        )
    pairs = zip(segments, outputs, strict=True)
    scores = (_of_segment(segment, output, glossary, language) for segment, output in pairs)
    return sum(scores, start=TermScore())


def _of_segment(
    segment: Segment, output: str, glossary: Sequence[Term], language: str
) -> TermScore:
    annotated = targets(segment.terms, language)
    hits = sum(bool(occurrences(target, output, language)) for target in annotated)
    false = [
        target
        for target in targets(glossary, language)
        if occurrences(target, output, language)
        and not any(occurrences(target, text, language) for text in (segment.target, *annotated))
    ]
    said = {
        _readings(one.target, language)
        for one in glossary
        if occurrences(one.source, segment.source, "zh")  # where Chinese counts in either script
    }
    unsaid = sum(_readings(target, language) not in said for target in false)
    return TermScore(len(annotated), hits, len(false), unsaid)


def targets(terms: Sequence[Term], language: str) -> list[str]:
    """The targets of `terms` that can be found, those that read the same once, in order."""
    kept: dict[frozenset[tuple[str, ...]], str] = {}
    for term in terms:
        readings = _readings(term.target, language)
        if readings:
            kept.setdefault(readings, term.target)
    return list(kept.values())


def occurrences(term: str, text: str, language: str) -> list[tuple[int, int]]:
    """Where `term` stands in `text`, both in `language`: start and end (exclusive), characters,
    in order; overlapping ones too."""
    found: set[tuple[int, int]] = set()
    for together in (False, True):
        words = _words(text, language, together=together)
        for reading in _readings(term, language):
            for at in range(len(words) - len(reading) + 1):
                there = words[at : at + len(reading)]
                if all(_same(one.plain, two) for one, two in zip(there, reading, strict=True)):
                    found.add((there[0].start, there[-1].end))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Word:
    """As it is compared, and the characters that it spans."""

    plain: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _words(text: str, language: str, *, together: bool) -> tuple[_Word, ...]:
    """together: whether hyphenated words are one word or several."""
    if language == "zh":
        text = simplified(text)  # a character for a character
    pattern = _TOGETHER if together else _APART
    words = (_Word(_plain(match[0]), *match.span()) for match in pattern.finditer(text))
    return tuple(word for word in words if word.plain)


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    return re.sub(r"[\W_]", "", folded.removesuffix("'s"))


@lru_cache(maxsize=4096)
def _readings(term: str, language: str) -> frozenset[tuple[str, ...]]:
    """The sequences of words that `term` may be written as."""
    texts = [term]
    if re.search(rf"[\s{_CJK}]", term):  # TCP/IP is one term, `Man Utd/Manchester United` two
        texts += term.split("/")
        texts += re.split(r"[()（）]", term)
    found = set()
    for text in texts:
        for together in (False, True):
            words = [word.plain for word in _words(text, language, together=together)]
            found.add(tuple(words[1:] if words[1:] and words[0] in _ARTICLES else words))
    return frozenset(found - {()})


def _same(one: str, two: str) -> bool:
    return one == two or one in _singulars(two) or two in _singulars(one)


def _singulars(word: str) -> list[str]:
    """What `word` may be the English plural of."""
    if len(word) < _LEAST_PLURAL or not word.endswith("s") or word.endswith("ss"):
        return []
    endings = (("s", ""), ("es", ""), ("ies", "y"))
    return [word.removesuffix(end) + new for end, new in endings if word.endswith(end)]
