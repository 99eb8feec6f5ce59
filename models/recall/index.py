"""A glossary made searchable: by its text, and by how its terms sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.events import Term
from models.recall.candidate import Candidate
from models.recall.forms import Form, forms
from models.recall.layer import Layer
from models.recall.query import Query

_MOST_CHANGED = 1_000
"""Terms that are kept beside an index: more would make searching slower."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What was made at once, of `terms`. contested: forms that several of them have, and which:
    the first has it."""

    terms: tuple[Term, ...]
    layer: Layer
    contested: Mapping[Form, Sequence[Term]]


class TermIndex:
    """Terms made searchable. Immutable, and safe to share between sessions and threads.

    terms: the first of two with the same source or spoken form has it. What has neither letter,
        digit nor Chinese character is never found; single syllables and what has more than 16 are
        found by their text only.

    Building takes about 50 µs and 500 bytes a term (python -m evaluation.retrieval): off the event
    loop.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self._base = _base(self.terms)
        self._layers: tuple[Layer, ...] = (self._base.layer,)

    def revised(self, terms: Sequence[Term]) -> TermIndex:
        """An index of `terms`, which finds what `TermIndex(terms)` would.

        A few changes are put beside what was made before, within a tenth of the time and sharing
        its memory; when there are many, or they have become many, all is made anew.
        """
        base = self._base
        known = {term: term for term in base.terms}
        kept = tuple(known.get(term, term) for term in terms)
        places = {term: place for place, term in reversed(tuple(enumerate(kept)))}
        changed = [term for term in known if term not in places]
        changed += [term for term in places if term not in known]
        if len(changed) > min(_MOST_CHANGED, len(known) // 2):
            return TermIndex(kept)
        index = object.__new__(TermIndex)
        index.terms, index._base = kept, base
        index._layers = _revised(base, changed, places)
        return index

    def __len__(self) -> int:
        return len(self.terms)

    def forms(self, syllables: int) -> int:
        """How many forms of as many syllables are compared by their sound."""
        return sum(layer.sounds(syllables) for layer in self._layers)

    def search(self, query: Query, most: int) -> list[Candidate]:
        """The `most` likeliest of all terms at all places in the text of `query`, best first; for
        each term and place where it would begin, its best stretch."""
        best: dict[tuple[Term, int], Candidate] = {}
        for layer in self._layers:
            for candidate in layer.search(query):
                key = candidate.term, candidate.start
                before = best.get(key)
                if before is None or candidate.score > before.score:
                    best[key] = candidate
        order = sorted(best.values(), key=lambda one: (-one.score, one.start, one.term.source))
        return order[:most]


def indexed(terms: Sequence[Term], before: TermIndex | None = None) -> TermIndex:
    """An index of `terms`; before: one of nearly the same terms, if there is one."""
    return TermIndex(terms) if before is None else before.revised(terms)


def _base(terms: tuple[Term, ...]) -> _Base:
    owners: dict[Form, int] = {}
    contested: dict[Form, list[Term]] = {}
    for number, term in enumerate(terms):
        for form in forms(term):
            first = owners.setdefault(form, number)
            if first != number:
                contested.setdefault(form, [terms[first]]).append(term)
    return _Base(terms, Layer(terms, owners), contested)


def _revised(base: _Base, changed: Sequence[Term], places: Mapping[Term, int]) -> tuple[Layer, ...]:
    """`base` without the forms that are another term's now or nobody's, and a layer of the former.

    changed: terms that are only in the base or only in `places`. places: of all terms there are.
    """
    claims: dict[Form, list[Term]] = {form: list(some) for form, some in base.contested.items()}
    before = {form: some[0] for form, some in claims.items()}
    for term in changed:
        for form in forms(term):
            if form not in claims:
                owner = base.layer.owner(form)
                claims[form] = []
                if owner is not None:
                    before[form] = owner
                    claims[form].append(owner)
            claims[form].append(term)
    owners: dict[Form, Term] = {}
    hidden: list[Form] = []
    for form, some in claims.items():
        first = min((one for one in some if one in places), key=places.__getitem__, default=None)
        if first == before.get(form):
            continue
        if form in before:
            hidden.append(form)
        if first is not None:
            owners[form] = first
    terms = tuple(dict.fromkeys(owners.values()))
    numbers = {term: number for number, term in enumerate(terms)}
    beside = Layer(terms, {form: numbers[term] for form, term in owners.items()})
    return base.layer.without(hidden), beside
