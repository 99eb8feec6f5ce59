"""The states of one split with what is said in them, and windows drawn from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import TongchuanError
from models.recall.syllables import Syllable
from training.retriever.homophones import Key
from training.retriever.questions import Said
from training.retriever.speech import IN_SHARD
from training.retriever.states import Encoded, load

_CONTEXT = 50  # states before and after the clauses: up to a second
_MOST = 600  # states: 12 s


class CorpusError(TongchuanError):
    """A step before was not done. Names the folder and the step."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """An utterance as it was encoded. said: all its clauses, those that were cut off included."""

    voice: str
    encoded: Encoded
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a rendition. states: (n, 512) float16; the clauses `heard` are whole in it, from
    state `start` to `stop`; of others in `nearby` parts may be."""

    voice: str
    condition: str
    states: NDArray[np.float16]
    heard: tuple[Said, ...]
    nearby: tuple[Said, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """renditions: in order of their files. pool: the words that were said, each once."""

    renditions: tuple[Rendition, ...]
    pool: tuple[Key, ...]

    @property
    def hours(self) -> float:
        """Of all renditions."""
        return sum(len(one.encoded.states) for one in self.renditions) / 50 / 3600

    def draw(self, chance: random.Random) -> Window:
        """Some neighbouring clauses of a rendition with up to a second around them."""
        return window(chance.choice(self.renditions), chance)


def window(rendition: Rendition, chance: random.Random) -> Window:
    """A part of it, of one clause or more."""
    encoded = rendition.encoded
    first = chance.randrange(len(encoded.clauses))
    last = chance.randint(first, len(encoded.clauses) - 1)
    start, stop = encoded.clauses[first][0], encoded.clauses[last][1]
    stop = min(stop, len(encoded.states))
    before = max(0, start - chance.randint(0, _CONTEXT))
    after = min(len(encoded.states), stop + chance.randint(0, _CONTEXT), before + _MOST)
    return Window(
        rendition.voice,
        encoded.condition,
        encoded.states[before:after],
        rendition.said[first : last + 1],
        rendition.said,
        start - before,
        stop - before,
    )


def read(folder: Path, split: str) -> Corpus:
    """All that is encoded of `split`. Raises CorpusError when that is nothing."""
    renditions: list[Rendition] = []
    words: dict[Key, None] = {}
    for plan in sorted((folder / "plan").glob(f"*-{split}.jsonl")):
        said = list(_plan(plan))
        for path in sorted((folder / "states").glob(f"{plan.stem}-*.npz")):
            base = int(path.stem.rpartition("-")[2]) * IN_SHARD
            for encoded in load(path):
                clauses = said[base + encoded.utterance]
                if encoded.clauses:
                    voice = plan.stem.rpartition("-")[0]
                    renditions.append(Rendition(voice, encoded, clauses))
                    words.update(dict.fromkeys(_keys(clauses)))
    if not renditions:
        raise CorpusError(f"{folder} has no states of {split}: run the steps before (README.md)")
    return Corpus(tuple(renditions), tuple(words))


def _keys(clauses: tuple[Said, ...]) -> Iterator[Key]:
    for clause in clauses:
        for word, is_key in zip(clause.words, clause.is_key, strict=True):
            if is_key:
                yield word


def _plan(path: Path) -> Iterator[tuple[Said, ...]]:
    for line in path.read_text("utf-8").splitlines():
        yield tuple(
            Said(
                tuple(tuple(Syllable(*one) for one in word["keys"]) for word in clause),
                tuple(word["kind"] != "carrier" for word in clause),
            )
            for clause in json.loads(line)["clauses"]
        )
