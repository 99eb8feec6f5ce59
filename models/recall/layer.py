"""Forms made searchable, by their text and by their sound."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy

import numpy as np

from models.events import Term
from models.recall.bucket import Bucket
from models.recall.candidate import FAR, Candidate
from models.recall.forms import Form, syllables, text_form, text_length
from models.recall.query import Query


class Layer:
    """Immutable, and safe to share between threads.

    terms: whose forms they are. owners: for each form, the number of its term.
    """

    def __init__(self, terms: Sequence[Term], owners: Mapping[Form, int]) -> None:
        self._terms = terms
        self._written = {form: number for form, number in owners.items() if isinstance(form, str)}
        self._lengths = tuple({text_length(form) for form in self._written})
        by_length: dict[int, dict[bytes, int]] = {}
        for form, number in owners.items():
            if isinstance(form, bytes):
                by_length.setdefault(syllables(form), {})[form] = number
        self._buckets = {
            length: Bucket(
                np.frombuffer(b"".join(sounds), np.int16).reshape(len(sounds), length),
                list(sounds.values()),
            )
            for length, sounds in sorted(by_length.items())
        }
        self._hidden: frozenset[Form] = frozenset()

    def without(self, forms: Collection[Form]) -> Layer:
        """These forms of it are not found; all else is shared."""
        other = copy(self)
        other._hidden = frozenset(forms)
        sounds: dict[int, list[bytes]] = {}
        for form in forms:
            if isinstance(form, bytes):
                sounds.setdefault(syllables(form), []).append(form)
        changed = {length: self._buckets[length].without(some) for length, some in sounds.items()}
        other._buckets = {**self._buckets, **changed}
        return other

    def owner(self, form: Form) -> Term | None:
        """Whose it is; None when it is not here."""
        if isinstance(form, str):
            number = self._written.get(form)
        else:
            bucket = self._buckets.get(syllables(form))
            number = None if bucket is None else bucket.number(form)
        return None if number is None else self._terms[number]

    def sounds(self, length: int) -> int:
        """How many forms of as many syllables are compared by their sound."""
        return len(self._buckets[length]) if length in self._buckets else 0

    def search(self, query: Query) -> list[Candidate]:
        """What is in the text letter by letter, and what sounds like a stretch of it."""
        return [*self._by_text(query), *self._by_sound(query)]

    def _by_text(self, query: Query) -> list[Candidate]:
        written = query.written
        found = []
        for start in range(len(written)):
            for length in self._lengths:
                stop = start + length
                if stop > len(written):
                    continue
                form = text_form(written[start:stop])
                number = self._written.get(form)
                if number is not None and form not in self._hidden:
                    said = query.syllables(start, stop)
                    found.append(Candidate(self._terms[number], start, stop, said, 0.0, True))
        return found

    def _by_sound(self, query: Query) -> list[Candidate]:
        found = []
        origins = np.array(query.origins, np.int64)
        for length, bucket in self._buckets.items():
            windows = query.windows(length)
            if windows is None:
                continue
            hits = bucket.search(windows, FAR * length)
            starts, stops = origins[hits.starts], origins[hits.stops - 1] + 1
            for number, start, stop, cost in zip(
                hits.forms.tolist(),
                starts.tolist(),
                stops.tolist(),
                hits.costs.tolist(),
                strict=True,
            ):
                found.append(Candidate(self._terms[number], start, stop, length, cost, False))
        return found
