"""`python -m training.retriever.talks FOLDER --whisper PATH`: recordings with annotated terms.

For measuring only. Each mention of a term is asked for in its segment beside 20 words that are not
spoken and 20 near-homophones of it. FOLDER: `NAME.flac` and `NAME.json` as tests/data has them
(segments with `start`, `end`, `source`, `terms`).
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.recall.scorer import WEIGHTS, SpeechScorer
from training.retriever.batches import symbols
from training.retriever.encode import Encoder
from training.retriever.homophones import KINDS, Key, changed, heard_in
from training.retriever.lexicon import Lexicon, sounds
from training.retriever.measures import auc
from training.retriever.recipe import RATE

_BESIDE = 20
_AROUND_S = 0.5
_LONGEST_S = 20.0
_KINDS = {"zh": ("word", "foreign", "term", "person", "organisation"), "en": ("english",)}
_TRIES = 2000
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A term in its segment: scores of the term, of other words, of its near-homophones."""

    recording: str
    term: str
    true: float
    other: NDArray[np.float32]
    near: NDArray[np.float32]

    @property
    def first(self) -> bool:
        """Whether the term scores above all others."""
        return bool(self.true > max(self.other.max(), self.near.max()))


def mentions(path: Path, scorer: SpeechScorer, encoder: Encoder, seed: int) -> Iterator[Mention]:
    """Of the recording whose JSON is at `path`. Terms that its voice cannot say are left out:
    Latin script in Chinese speech."""
    recording = json.loads(path.read_text("utf-8"))
    samples, rate = soundfile.read(path.with_suffix(".flac"), dtype="int16")
    assert rate == RATE
    chance = random.Random(f"{path.stem}-{seed}")
    lexicon = Lexicon("test", chance.getrandbits(32))
    for segment in recording["segments"]:
        terms = list(dict.fromkeys(term["source"] for term in segment["terms"]))
        language = "en" if segment["source"].isascii() else "zh"
        start, end = segment["start"] - _AROUND_S, segment["end"] + _AROUND_S
        end = min(end, start + _LONGEST_S)
        piece = samples[max(0, round(start * RATE)) : round(end * RATE)]
        states = encoder.states(piece, 100).astype(np.float32)
        said = [sounds(segment["source"])]
        for term in terms:
            key = sounds(term)
            unsaid = language == "zh" and _LATIN.search(term)
            if len(key) < 2 or unsaid or not heard_in(key, said):
                continue
            others = [lexicon.draw(chance.choice(_KINDS[language])).syllables for _ in range(99)]
            others = [other for other in others if not heard_in(other, said)][:_BESIDE]
            near = list(_near(key, others, said, chance))
            scores = scorer.score(states, [symbols(one) for one in (key, *others, *near)])
            split = len(others) + 1
            yield Mention(path.stem, term, float(scores[0]), scores[1:split], scores[split:])


def _near(key: Key, others: list[Key], said: list[Key], chance: random.Random) -> Iterator[Key]:
    """Near-homophones of `key`, each another, none of them spoken."""
    seen = {key}
    for _ in range(_TRIES):
        change = changed(key, chance.choice(KINDS), chance.choice(others), chance)
        if change and change.key not in seen and not heard_in(change.key, said):
            seen.add(change.key)
            yield change.key
            if len(seen) > _BESIDE:
                return


def summary(found: list[Mention], threshold: float) -> dict[str, float]:
    """first: the term above all 40; first_of_others: above the 20 that only stand beside it."""
    true = np.array([one.true for one in found])
    other = np.concatenate([one.other for one in found])
    near = np.concatenate([one.near for one in found])

    def separation(wrong: NDArray[np.float32]) -> float:
        scores = np.concatenate([true, wrong]).astype(np.float64)
        return auc(scores, np.arange(len(scores)) < len(true))

    return {
        "mentions": len(found),
        "first": float(np.mean([one.first for one in found])),
        "first_of_others": float(np.mean([one.true > one.other.max() for one in found])),
        "recall": float((true >= threshold).mean()),
        "false_alarms_other": float((other >= threshold).mean()),
        "false_alarms_near": float((near >= threshold).mean()),
        "auc_other": separation(other),
        "auc_near": separation(near),
    }


def main() -> None:
    """One line a recording, then all by direction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--whisper", type=Path, required=True, help="CTranslate2 Whisper base")
    parser.add_argument("--scorer", type=Path, default=WEIGHTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--terms", action="store_true", help="show each mention")
    words = parser.parse_args()
    scorer, encoder = SpeechScorer(words.scorer), Encoder(words.whisper)
    groups: dict[str, list[Mention]] = {}
    for path in sorted(words.folder.glob("*.json")):
        found = list(mentions(path, scorer, encoder, words.seed))
        groups.setdefault(path.stem, []).extend(found)
        groups.setdefault(path.stem.partition("-")[0], []).extend(found)
    for name, found in sorted(groups.items(), key=lambda group: "-" in group[0]):
        if found:
            shown = {
                key: round(value, 3) for key, value in summary(found, scorer.threshold).items()
            }
            print(name, json.dumps(shown))  # noqa: T201
        for one in found if words.terms and "-" in name else ():
            near, other = one.near.max(), one.other.max()
            print(f"  {one.term}: {one.true:.3f}, near {near:.3f}, other {other:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
