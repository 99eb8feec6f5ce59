"""How often a term sounds like a stretch of text by chance: the table of `models.recall.chance`.

    python -m training.chance

Terms and text are words of pypinyin's phrase dictionary (MIT) and names of random transliteration
characters, drawn by a seed; all pairs of windows and terms are compared, with the variants of one
syllable more or less.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pypinyin.phrases_dict import phrases_dict

from evaluation.distractors import TRANSLITERATION
from models.recall import chance
from models.recall.features import DIM, INDEL, vectors
from models.recall.query import Query, Windows
from models.recall.syllables import Syllable, spoken
from models.recall.units import units

_TERMS, _TEXTS, _TEXT_SYLLABLES = 6_000, 500, 16


def main() -> None:
    """Measure, and write the table."""
    rng = random.Random(1)
    words = [word for word in phrases_dict if len(word) <= 6]
    rng.shuffle(words)
    half = len(words) // 2  # a word that is both term and text is no chance
    texts = [_text(rng, words[:half]) for _ in range(_TEXTS)]
    table = {
        length: _shares(length, texts, _terms(rng, words[half:], length))
        for length in chance.LENGTHS
    }
    Path(chance.TABLE).write_text(
        json.dumps({"costs": list(chance.COSTS), "shares": table}) + "\n", encoding="utf-8"
    )
    for length, shares in table.items():
        print(length, " ".join(f"{share:.1e}" for share in shares))  # noqa: T201


def _text(rng: random.Random, words: list[str]) -> str:
    text = ""
    while len(text) < _TEXT_SYLLABLES:
        text += rng.choice(words)
    return text[:_TEXT_SYLLABLES]


def _terms(rng: random.Random, words: list[str], length: int) -> NDArray[np.float32]:
    """Distinct ones of `length` syllables, half words and half names; shape (n, length·DIM)."""
    drawn: dict[tuple[Syllable, ...], None] = {}
    while len(drawn) < _TERMS:
        if len(drawn) % 2:
            text = "".join(rng.choice(TRANSLITERATION) for _ in range(length))
        else:
            text = "".join(rng.choice(words) for _ in range(length))[:length]
        sounds = tuple(sound.syllable for sound in spoken(units(text)) if sound.syllable)
        if len(sounds) == length:
            drawn[sounds] = None
    return np.stack([vectors(sounds).ravel() for sounds in drawn])


def _shares(length: int, texts: list[str], terms: NDArray[np.float32]) -> list[float]:
    """Share of pairs of a place in a text and a term whose cost a syllable is at most each of
    `chance.COSTS`."""
    counts = np.zeros(len(chance.COSTS))
    places = 0
    for windows in filter(None, (Query(text).windows(length) for text in texts)):
        for _, costs in _best(windows, terms, length):
            places += 1
            counts += np.searchsorted(np.sort(costs), np.array(chance.COSTS) * length, "right")
    smallest = 0.5 / (places * len(terms))
    return [float(max(smallest, count / (places * len(terms)))) for count in counts]


def _best(
    windows: Windows, terms: NDArray[np.float32], length: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """For each place where windows start, the cost of every term at the best of them."""
    squares = np.square(terms).reshape(len(terms), length, DIM).sum(axis=2)
    distances = (
        np.square(windows.vectors).sum(axis=1)[:, None]
        - 2 * windows.vectors @ terms.T
        + squares.sum(axis=1)
    )
    distances += windows.extra[:, None]
    for at in np.flatnonzero(windows.missing >= 0):
        distances[at] += INDEL - squares[:, windows.missing[at]]
    for start in np.unique(windows.starts):
        yield int(start), distances[windows.starts == start].min(axis=0)


if __name__ == "__main__":
    main()
