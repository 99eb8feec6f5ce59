"""The network: its shapes, what it may not depend on, that it learns, and that ONNX agrees."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from models.recall.scorer import STATE_WIDTH, UNKNOWN, key_ids
from models.recall.syllables import Syllable
from training.retriever.batches import batch, symbols
from training.retriever.corpus import Corpus, Rendition, window
from training.retriever.export import graph
from training.retriever.homophones import Key
from training.retriever.network import Scorer, Size
from training.retriever.questions import Said, questions
from training.retriever.recipe import Recipe
from training.retriever.states import Encoded
from training.retriever.train import Trainer

SIZE = Size(24, 16, 2, UNKNOWN + 1)
TOY = Recipe((), 1, 60, 6, 12, 48, 32, 2, 3e-3)
PER_SYLLABLE = 8  # states that a syllable of the toy speech takes
SOUNDS = [Syllable(initial, final, 1) for initial in "bdgmn" for final in ("a", "i", "u", "ei")]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def toy(utterances: int, seed: int) -> Corpus:
    """Speech in which each syllable is a vector of its own, in noise."""
    chance, numbers = random.Random(seed), np.random.default_rng(seed)
    vectors = np.random.default_rng(0).standard_normal((len(SOUNDS), STATE_WIDTH))
    renditions = []
    for _ in range(utterances):
        words = [tuple(chance.choices(SOUNDS, k=chance.randint(2, 3))) for _ in range(3)]
        said = [at for word in words for at in map(SOUNDS.index, word)]
        states = np.repeat(vectors[said], PER_SYLLABLE, axis=0)
        states += 0.3 * numbers.standard_normal(states.shape)
        clauses = ((0, len(states)),)
        encoded = Encoded(0, "clean", clauses, states.astype(np.float16))
        renditions.append(Rendition("toy", encoded, (Said(tuple(words), (True,) * 3),)))
    pool: list[Key] = [tuple(chance.choices(SOUNDS, k=chance.randint(2, 3))) for _ in range(300)]
    return Corpus(tuple(renditions), tuple(pool))


def test_shapes() -> None:
    scorer = Scorer(SIZE)
    keys = torch.ones(2, 5, 4, 3, dtype=torch.int64)
    logits, each, features = scorer(torch.zeros(2, 31, STATE_WIDTH), torch.zeros(2, 1, 1, 16), keys)
    assert logits.shape == (2, 5)
    assert each.shape == (2, 5, 4)
    assert features.shape == (2, 16, SIZE.width)
    for spelt in scorer.spelt(features):
        assert spelt.shape == (2, 16, SIZE.symbols)
        assert torch.allclose(spelt.exp().sum(-1), torch.ones(2, 16), atol=1e-5)


def test_padding_of_keys_and_speech_changes_nothing() -> None:
    """The end of short speech in a batch is hidden; the convolutions see zeros there."""
    torch.manual_seed(1)
    scorer = Scorer(SIZE).eval()
    corpus, chance = toy(6, 2), random.Random(3)
    windows = [window(one, chance) for one in corpus.renditions]
    asked = [questions(one.heard, one.nearby, corpus.pool, 8, chance) for one in windows]
    together = batch(windows, asked)
    with torch.no_grad():
        logits, _, _ = scorer(together.states, together.hidden, together.keys)
        longest = max(range(6), key=lambda at: len(windows[at].states))
        alone = batch([windows[longest]], [asked[longest]])
        single, _, _ = scorer(alone.states, alone.hidden, alone.keys)
    assert torch.allclose(logits[longest], single[0], atol=1e-5)


def test_labels_of_a_batch() -> None:
    corpus, chance = toy(3, 5), random.Random(1)
    windows = [window(one, chance) for one in corpus.renditions]
    asked = [questions(one.heard, one.nearby, corpus.pool, 12, chance) for one in windows]
    made = batch(windows, asked)
    assert made.labels.sum().item() == 9
    for row, many in enumerate(asked):
        for place, question in enumerate(many):
            assert made.labels[row, place].item() == question.spoken
            assert made.wrong[row, place].sum().item() == len(question.wrong) * (
                question.kind != "other"
            )
    lengths = [len(clause.syllables) for one in windows for clause in one.heard]
    assert [len(tones) for tones in made.tones] == lengths
    assert [len(spelling) for spelling in made.spelling] == [2 * length for length in lengths]


def test_it_learns_and_repeats() -> None:
    def trained() -> list[float]:
        trainer = Trainer(toy(40, 1), TOY, seed=1)
        return [trainer.step(number).total.item() for number in range(TOY.steps)]

    first = trained()
    assert np.mean(first[-10:]) < 0.75 * np.mean(first[:10])
    assert trained() == pytest.approx(first, rel=1e-3)


def test_onnx_says_what_torch_says() -> None:
    torch.manual_seed(2)
    scorer = Scorer(SIZE).eval()
    with torch.no_grad():
        for parameter in scorer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    made = graph(scorer, temperature=1.7)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    chance = random.Random(4)
    for frames, count in ((1, 1), (40, 3), (301, 20)):
        keys: list[Key] = [
            tuple(chance.choices(SOUNDS, k=chance.randint(1, 6))) for _ in range(count)
        ]
        ids = key_ids([symbols(key) for key in keys])
        states = np.random.default_rng(frames).standard_normal((frames, STATE_WIDTH))
        feeds: dict[str, Any] = {"states": states.astype(np.float32), "keys": ids}
        (found,) = session.run(None, feeds)
        with torch.no_grad():
            given = torch.from_numpy(feeds["states"])[None], torch.from_numpy(ids)[None]
            hidden = torch.zeros(1, 1, 1, (frames + 1) // 2)
            logits, _, _ = scorer(given[0], hidden, given[1])
        expected = torch.sigmoid(logits[0] / 1.7).numpy()
        assert found == pytest.approx(expected, abs=1e-5)


def test_no_states_are_said_so(tmp_path: Path) -> None:
    from training.retriever.corpus import CorpusError, read

    with pytest.raises(CorpusError, match="steps before"):
        read(tmp_path, "train")
