"""Windows and questions as tensors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.recall.phones import Phones
from models.recall.scorer import IDS, LONGEST, UNKNOWN, key_ids
from models.recall.syllables import Syllable
from training.retriever.corpus import Window
from training.retriever.homophones import Key
from training.retriever.questions import Question

_FAR = -1e4


@dataclass(frozen=True, slots=True)
class Batch:
    """states, hidden, keys: see `network.Scorer`. labels: (windows, keys).

    wrong: (windows, keys, length), whether a syllable was not said; judged: where that is known.
    spelling, tones: what CTC is told for each window, of its features `parts`.
    """

    states: Tensor
    hidden: Tensor
    keys: Tensor
    labels: Tensor
    wrong: Tensor
    judged: Tensor
    parts: tuple[tuple[int, int], ...]
    spelling: tuple[tuple[int, ...], ...]
    tones: tuple[tuple[int, ...], ...]


def symbols(key: Key) -> Phones:
    """As `models.recall.phones` writes it."""
    return tuple(symbol for syllable in key for symbol in _symbols(syllable))


def _symbols(syllable: Syllable) -> Phones:
    return f"{syllable.initial}_", f"_{syllable.final}", str(syllable.tone)


def batch(windows: Sequence[Window], asked: Sequence[Sequence[Question]]) -> Batch:
    """All windows with as many questions each."""
    frames = max(len(window.states) for window in windows)
    states = torch.zeros(len(windows), frames, windows[0].states.shape[1])
    hidden = torch.full((len(windows), 1, 1, (frames + 1) // 2), _FAR)
    for at, window in enumerate(windows):
        states[at, : len(window.states)] = torch.from_numpy(window.states.astype(np.float32))
        hidden[at, ..., : (len(window.states) + 1) // 2] = 0.0
    said = [tuple(s for clause in window.heard for s in clause.syllables) for window in windows]
    keys = key_ids([symbols(question.key) for row in asked for question in row])
    return Batch(
        states,
        hidden,
        torch.from_numpy(keys.reshape(len(asked), len(asked[0]), *keys.shape[1:])),
        torch.tensor([[float(question.spoken) for question in row] for row in asked]),
        *_syllable_labels(asked, keys.shape[1]),
        tuple((window.start // 2, (window.stop + 1) // 2) for window in windows),
        tuple(_spelling(syllables) for syllables in said),
        tuple(tuple(_id(_symbols(one)[2]) for one in syllables) for syllables in said),
    )


def _syllable_labels(asked: Sequence[Sequence[Question]], length: int) -> tuple[Tensor, Tensor]:
    wrong = torch.zeros(len(asked), len(asked[0]), length)
    judged = torch.zeros(len(asked), len(asked[0]), length)
    for at, row in enumerate(asked):
        for place, question in enumerate(row):
            if question.kind != "other":  # some of its syllables may be anywhere
                judged[at, place, : len(question.key)] = 1.0
                wrong[at, place, [one for one in question.wrong if one < LONGEST]] = 1.0
    return wrong, judged


def _spelling(syllables: Key) -> tuple[int, ...]:
    """Initials and finals; a syllable without an initial has its final alone."""
    found: list[int] = []
    for syllable in syllables:
        initial, final, _ = map(_id, _symbols(syllable))
        found += [initial, final] if syllable.initial else [final]
    return tuple(found)


def _id(symbol: str) -> int:
    return IDS.get(symbol, UNKNOWN)


def masked(states: Tensor, chance: random.Random, share: float = 0.15) -> Tensor:
    """`states` with some of their 512 numbers left out, each window its own."""
    generator = torch.Generator().manual_seed(chance.getrandbits(31))
    kept = torch.rand(states.shape[0], 1, states.shape[2], generator=generator) >= share
    return states * kept / (1 - share)
