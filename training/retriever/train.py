"""Step 4: `python -m training.retriever.train FOLDER`: the network, into FOLDER/scorer.pt."""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.recall.scorer import UNKNOWN
from training.retriever.batches import Batch, batch, masked
from training.retriever.corpus import Corpus, Window, read
from training.retriever.network import Scorer, Size
from training.retriever.questions import Question, questions
from training.retriever.recipe import RECIPES, Recipe

_SYLLABLE_LOSS, _SPELLING_LOSS = 0.5, 0.3
_WARM_UP = 0.05  # of all steps
_DECAY = 0.01
_LONGEST_GRADIENT = 1.0
_REPORT_STEPS = 100


@dataclass(frozen=True, slots=True)
class Losses:
    """Of a batch: of the keys, of their syllables, of the spelling."""

    keys: Tensor
    syllables: Tensor
    spelling: Tensor

    @property
    def total(self) -> Tensor:
        """What is made small."""
        return self.keys + _SYLLABLE_LOSS * self.syllables + _SPELLING_LOSS * self.spelling


def losses(scorer: Scorer, given: Batch, states: Tensor) -> Losses:
    """Binary cross-entropy of keys and syllables; CTC of what was said."""
    logits, each, features = scorer(states, given.hidden, given.keys)
    entropy = nn.functional.binary_cross_entropy_with_logits
    apart = entropy(each, 1 - given.wrong, reduction="none") * given.judged
    return Losses(
        entropy(logits, given.labels),
        apart.sum() / given.judged.sum().clamp(min=1),
        _spelling(scorer, given, features),
    )


def _spelling(scorer: Scorer, given: Batch, features: Tensor) -> Tensor:
    total = features.new_zeros(())
    longest = max(stop - start for start, stop in given.parts)
    parts = features.new_zeros(len(features), longest, features.shape[2])
    for at, (start, stop) in enumerate(given.parts):
        kept = features[at, start:stop]
        parts[at, : len(kept)] = kept
    lengths = torch.tensor([stop - start for start, stop in given.parts])
    targets = (given.spelling, given.tones)
    for found, told in zip(scorer.spelt(parts), targets, strict=True):
        total = total + nn.functional.ctc_loss(
            found.transpose(0, 1),
            torch.tensor([one for row in told for one in row]),
            lengths,
            torch.tensor([len(row) for row in told]),
            zero_infinity=True,
        )
    return total


class Trainer:
    """One training; the same corpus, recipe and seed give the same network on one machine.

    hard: whether near-homophones are asked for.
    """

    def __init__(self, corpus: Corpus, recipe: Recipe, seed: int, *, hard: bool = True) -> None:
        torch.manual_seed(seed)
        self._corpus, self._recipe, self._hard = corpus, recipe, hard
        self._chance = random.Random(f"train-{seed}")
        self.size = Size(recipe.speech, recipe.width, recipe.layers, UNKNOWN + 1)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.scorer = Scorer(self.size).to(self.device)
        self._optimizer = torch.optim.AdamW(
            self.scorer.parameters(), lr=recipe.learning_rate, weight_decay=_DECAY
        )

    def start(self, path: Path) -> None:
        """From the weights at `path`, as far as names and shapes are the same."""
        before = torch.load(path, weights_only=True)["weights"]
        own = self.scorer.state_dict()
        fitting = {
            name: one
            for name, one in before.items()
            if name in own and own[name].shape == one.shape
        }
        self.scorer.load_state_dict(fitting, strict=False)

    def step(self, number: int) -> Losses:
        """One batch."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._recipe.learning_rate * _pace(number / self._recipe.steps)
        windows = [self._corpus.draw(self._chance) for _ in range(self._recipe.windows)]
        given = on(batch(windows, [self._questions(window) for window in windows]), self.device)
        found = losses(self.scorer, given, masked(given.states.cpu(), self._chance).to(self.device))
        self._optimizer.zero_grad()
        torch.autograd.backward([found.total])
        nn.utils.clip_grad_norm_(self.scorer.parameters(), _LONGEST_GRADIENT)
        self._optimizer.step()
        return found

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """The network, its size, and what is known of its training."""
        stored = {"size": asdict(self.size), "weights": self.scorer.state_dict(), "about": about}
        torch.save(stored, path)

    def _questions(self, window: Window) -> list[Question]:
        return questions(
            window.heard,
            window.nearby,
            self._corpus.pool,
            self._recipe.keys,
            self._chance,
            hard=self._hard,
        )


def _pace(part: float) -> float:
    """Of the learning rate: up in a line, down in a cosine."""
    if part < _WARM_UP:
        return part / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (part - _WARM_UP) / (1 - _WARM_UP)))


def on(given: Batch, device: str) -> Batch:
    """`given` with its tensors on `device`."""
    names = ("states", "hidden", "keys", "labels", "wrong", "judged")
    return replace(given, **{name: getattr(given, name).to(device) for name in names})


def main() -> None:
    """Train on FOLDER's training states."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recipe", choices=RECIPES, default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="scorer", help="of the file, for variants")
    parser.add_argument("--steps", type=int, help="other than the recipe's")
    parser.add_argument("--layers", type=int, help="of fusion, other than the recipe's")
    parser.add_argument("--start", help="a trained file: the weights that fit are taken over")
    parser.add_argument("--easy", action="store_true", help="no near-homophones")
    words = parser.parse_args()
    given = RECIPES[words.recipe]
    recipe = replace(given, steps=words.steps or given.steps, layers=words.layers or given.layers)
    torch.set_num_threads(1)
    corpus = read(words.folder, "train")
    print(f"{corpus.hours:.2f} h, {len(corpus.pool)} words", flush=True)  # noqa: T201
    trainer = Trainer(corpus, recipe, words.seed, hard=not words.easy)
    if words.start:
        trainer.start(words.folder / f"{words.start}.pt")
    started = time.monotonic()
    about = {"recipe": words.recipe, "seed": words.seed, "hours": round(corpus.hours, 2)}
    about |= {"words": len(corpus.pool), "hard": not words.easy, "start": words.start}
    for number in range(1, recipe.steps + 1):
        found = trainer.step(number)
        if number % _REPORT_STEPS == 0 or number == recipe.steps:
            shown = [f"{one.item():.3f}" for one in (found.keys, found.syllables, found.spelling)]
            print(number, *shown, f"{time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
            trainer.save(words.folder / f"{words.name}.pt", about | {"steps": number})


if __name__ == "__main__":
    main()
