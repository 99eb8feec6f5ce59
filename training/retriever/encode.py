"""Step 3: `python -m training.retriever.encode FOLDER --whisper PATH`: the recogniser's states.

Each utterance is one window of the recogniser, encoded as `models.engines.whisper` does it.
Training utterances are encoded several times, first as they are and then spoilt; those that are
measured by once in each condition. In three of ten the window ends early, as when a speaker is
still talking.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from models.audio.mel import FLOOR, LogMel, normalise
from training.retriever.recipe import RATE, RECIPES, Recipe
from training.retriever.speech import Spoken, load
from training.retriever.spoiling import MEASURED, drawn, measured
from training.retriever.states import Encoded, save, states_path

_HOP_S = 0.01
_STATE_S = 0.02
_PADDING_FRAMES = (100, 250)  # what is served, and the least that it was measured with
_MOST_S = 10.0
_CUT = 0.3


class Encoder:
    """Whisper's encoder on one thread."""

    def __init__(self, path: Path) -> None:
        self._model = ctranslate2.models.Whisper(
            str(path), device="cpu", compute_type="int8", intra_threads=1, inter_threads=1
        )

    def states(self, samples: NDArray[np.int16], padding_frames: int) -> NDArray[np.float16]:
        """Of 16 kHz mono, shape (n,): (n / 320, width), those of the padding left out."""
        mel = LogMel(80)
        floats: NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
        mel.push(floats)
        frames = np.concatenate([mel.frames(0, mel.frame_count), mel.tail()])
        padding = padding_frames + (len(frames) + padding_frames) % 2
        padded = np.pad(frames, ((0, padding), (0, 0)), constant_values=FLOOR)
        features = np.ascontiguousarray(normalise(padded)[np.newaxis], dtype=np.float32)
        encoded = self._model.encode(ctranslate2.StorageView.from_array(features))
        return np.asarray(encoded, np.float32)[0, : len(frames) // 2].astype(np.float16)


def encode_shard(
    encoder: Encoder, path: Path, split: str, recipe: Recipe, seed: int
) -> list[Encoded]:
    """All renditions of the utterances in the shard of speech at `path`."""
    shard = load(path)
    others = np.concatenate([one.samples for one in shard])
    found: list[Encoded] = []
    names = MEASURED if split != "train" else ("clean", *["spoilt"] * (recipe.renditions - 1))
    for at, one in enumerate(shard):
        for rendition, name in enumerate(names):
            chance = random.Random(f"{path.stem}-{at}-{rendition}-{seed}")
            if not one.clauses:
                continue
            if name == "spoilt":
                samples, tempo = drawn(one.samples, others, chance)
            else:
                samples, tempo = measured(name, one.samples, others, chance.getrandbits(31))
            found.append(_window(encoder, samples, one, at, name, tempo, chance))
    return found


def _window(
    encoder: Encoder,
    samples: NDArray[np.int16],
    one: Spoken,
    at: int,
    name: str,
    tempo: float,
    chance: random.Random,
) -> Encoded:
    ends = [(start / tempo, end / tempo) for start, end in one.clauses]
    stop = min(len(samples), round(_MOST_S * RATE))
    if chance.random() < _CUT:
        stop = min(stop, round(chance.choice(ends)[1] + chance.uniform(0.02, 0.4) * RATE))
    states = encoder.states(samples[:stop], chance.choice(_PADDING_FRAMES))
    per_state = RATE * _STATE_S
    clauses = tuple(
        (int(start / per_state), int(np.ceil(end / per_state)))
        for start, end in ends
        if end <= stop
    )
    return Encoded(at, name, clauses, states)


def main() -> None:
    """Every shard of speech that has no states yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--whisper", type=Path, required=True, help="CTranslate2 Whisper base")
    parser.add_argument("--recipe", choices=RECIPES, default="cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="*", metavar="VOICE-SPLIT")
    words = parser.parse_args()
    encoder = Encoder(words.whisper)
    for path in sorted((words.folder / "speech").glob(f"{words.only}-*.npz")):
        target = states_path(words.folder, path.stem)
        if not target.exists():
            split = path.stem.split("-")[1]
            save(target, encode_shard(encoder, path, split, RECIPES[words.recipe], words.seed))


if __name__ == "__main__":
    main()
