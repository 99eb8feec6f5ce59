"""A term that may be spoken at a place in a text."""

from __future__ import annotations

from dataclasses import dataclass

from models.events import Term

FAR = 0.3
"""Cost a syllable above which nothing is proposed."""
_WRITTEN = 0.2  # the same text says more than the same sound


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term that may be spoken in a text.

    start, stop: its units in the text. syllables: of its form. cost: the sum of their distances
    from what is there; 0 is the same sound. written: whether the text has it letter by letter.
    """

    term: Term
    start: int
    stop: int
    syllables: int
    cost: float
    written: bool

    @property
    def score(self) -> float:
        """Evidence, to rank by: what each syllable says for the term, less what says against."""
        return FAR * self.syllables - self.cost + (_WRITTEN if self.written else 0)
