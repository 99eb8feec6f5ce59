"""States on disk: float16, at 50 Hz, with the clauses that were said in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Encoded:
    """A rendition of one utterance.

    utterance: its place in the shard of speech. condition: what was done to it.
    clauses: first and last (exclusive) state of those that are whole; states: (n, width).
    """

    utterance: int
    condition: str
    clauses: tuple[tuple[int, int], ...]
    states: NDArray[np.float16]


def states_path(folder: Path, shard: str) -> Path:
    """Of a shard of speech."""
    return folder / "states" / f"{shard}.npz"


def save(path: Path, encoded: list[Encoded]) -> None:
    """All or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            states=np.concatenate([one.states for one in encoded]),
            lengths=np.array([len(one.states) for one in encoded]),
            utterances=np.array([one.utterance for one in encoded]),
            conditions=np.array([one.condition for one in encoded]),
            counts=np.array([len(one.clauses) for one in encoded]),
            clauses=np.array([pair for one in encoded for pair in one.clauses]).reshape(-1, 2),
        )
    partial.replace(path)


def load(path: Path) -> list[Encoded]:
    """What `save` wrote."""
    with np.load(path) as stored:
        states, pairs = stored["states"], stored["clauses"].tolist()
        rows = zip(
            stored["utterances"].tolist(),
            stored["conditions"].tolist(),
            stored["lengths"].tolist(),
            stored["counts"].tolist(),
            strict=True,
        )
        found: list[Encoded] = []
        at = taken = 0
        for utterance, condition, length, count in rows:
            clauses = tuple((int(a), int(b)) for a, b in pairs[taken : taken + count])
            found.append(Encoded(utterance, condition, clauses, states[at : at + length]))
            at, taken = at + length, taken + count
    return found
