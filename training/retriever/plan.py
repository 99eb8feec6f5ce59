"""Who says what: utterances of a few clauses, by voice and split, as JSON lines for the voices.

The voices live in another environment (see README.md), so a plan holds all that they need: for a
Chinese word its syllables as they are to be said, for an English one its text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.recall.syllables import Syllable
from training.retriever.clauses import Author, Clause
from training.retriever.lexicon import Word, toneless
from training.retriever.recipe import Recipe, Share

LANGUAGES = {"hibari": ("en",), "joe": ("en",), "kokoro": ("zh", "en"), "jm_kumo": ("zh", "en")}
"""What a voice speaks, ("zh",) where nothing is said."""
_SYLLABLES_PER_S = {"hibari": 4.0, "joe": 4.0, "espeak": 3.9}
_USUAL_PACE = 4.4
_MOST_IN_UTTERANCE = 34  # syllables: about 8 s, so that a window of the recogniser holds it
_SANDHI = 0.7


@dataclass(frozen=True, slots=True)
class Utterance:
    """clauses are said one after the other; seed: the voice's variation."""

    voice: str
    split: str
    seed: int
    clauses: tuple[Clause, ...]


def utterances(recipe: Recipe, seed: int) -> dict[Share, list[Utterance]]:
    """Of each share. Held-out shares come first: what they say, training may not say."""
    planned: dict[Share, list[Utterance]] = {}
    avoided: set[tuple[str, ...]] = set()
    for share in sorted(recipe.shares, key=lambda share: share.split == "train"):
        is_train = share.split == "train"
        planned[share] = list(_of(share, seed, frozenset(avoided) if is_train else frozenset()))
        if not is_train:
            avoided |= _words(planned[share])
    return planned


def _words(planned: list[Utterance]) -> set[tuple[str, ...]]:
    clauses = (clause for utterance in planned for clause in utterance.clauses)
    return {
        toneless(word.syllables)
        for clause in clauses
        for word in clause.words
        if word.kind != "carrier"
    }


def _of(share: Share, seed: int, avoided: frozenset[tuple[str, ...]]) -> Iterator[Utterance]:
    name = f"{share.voice}-{share.split}-{seed}"
    chance = random.Random(f"plan-{name}")
    author = Author(
        share.split, LANGUAGES.get(share.voice, ("zh",)), chance.getrandbits(32), avoided
    )
    left = share.minutes * 60 * _SYLLABLES_PER_S.get(share.voice, _USUAL_PACE)
    while left > 0:
        clauses = [author.clause()]
        said = len(clauses[0].syllables)
        for _ in range(chance.randint(0, 3)):
            clause = author.clause()
            if said + len(clause.syllables) <= _MOST_IN_UTTERANCE:
                clauses.append(clause)
                said += len(clause.syllables)
        left -= said
        yield Utterance(share.voice, share.split, chance.getrandbits(32), tuple(clauses))


def write(path: Path, planned: list[Utterance]) -> None:
    """One utterance a line: `voice`, `seed` and, for each clause, its words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for utterance in planned:
            chance = random.Random(utterance.seed)
            clauses = [_said(clause, chance) for clause in utterance.clauses]
            line = {"voice": utterance.voice, "seed": utterance.seed, "clauses": clauses}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _said(clause: Clause, chance: random.Random) -> list[dict[str, Any]]:
    apply = chance.random() < _SANDHI
    return [_word(word, sandhi=apply) for word in clause.words]


def _word(word: Word, *, sandhi: bool) -> dict[str, Any]:
    said = _with_sandhi(word.syllables) if sandhi and not word.english else word.syllables
    text = " ".join(word.text) if word.spelt else word.text
    return {
        "text": text,
        "kind": word.kind,
        "keys": [tuple(syllable) for syllable in word.syllables],
        "said": [] if word.english else [tuple(syllable) for syllable in said],
    }


def _with_sandhi(syllables: tuple[Syllable, ...]) -> tuple[Syllable, ...]:
    """The third tone before another one within a word is said as the second (Chao 1968)."""
    said = list(syllables)
    for at in range(len(said) - 2, -1, -1):
        if said[at].tone == 3 and said[at + 1].tone == 3:
            said[at] = said[at]._replace(tone=2)
    return tuple(said)
