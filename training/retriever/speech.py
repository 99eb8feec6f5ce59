"""Speech on disk: shards of utterances, int16 at RATE, with the ends of their clauses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IN_SHARD = 40
"""Utterances a file."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """samples: int16, shape (n,). clauses: start and end of each, in samples; none where the
    voice could not say the utterance."""

    samples: NDArray[np.int16]
    clauses: tuple[tuple[int, int], ...]


def shard_path(folder: Path, name: str, number: int) -> Path:
    """Of the plan `name`."""
    return folder / "speech" / f"{name}-{number:04d}.npz"


def save(path: Path, spoken: list[Spoken]) -> None:
    """All or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            samples=np.concatenate([one.samples for one in spoken]),
            lengths=np.array([len(one.samples) for one in spoken]),
            counts=np.array([len(one.clauses) for one in spoken]),
            clauses=np.array([pair for one in spoken for pair in one.clauses]).reshape(-1, 2),
        )
    partial.replace(path)


def load(path: Path) -> list[Spoken]:
    """What `save` wrote."""
    with np.load(path) as stored:
        samples, pairs = stored["samples"], stored["clauses"].tolist()
        found: list[Spoken] = []
        at = taken = 0
        for length, count in zip(stored["lengths"], stored["counts"], strict=True):
            clauses = tuple((int(a), int(b)) for a, b in pairs[taken : taken + count])
            found.append(Spoken(samples[at : at + length], clauses))
            at, taken = at + int(length), taken + int(count)
    return found
