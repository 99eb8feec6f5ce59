"""Speech and states on disk, and what is done to speech."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.degrade import active_power
from training.retriever import speech, states
from training.retriever.speak import spoken
from training.retriever.spoiling import MEASURED, drawn, measured
from training.retriever.voices import Samples, Words

RATE = 16_000
TONE = np.rint(8000 * np.sin(np.arange(2 * RATE) * 0.3)).astype(np.int16)
OTHERS = np.random.default_rng(2).integers(-9000, 9000, 5 * RATE).astype(np.int16)


class Beeper:
    """Says each clause as a beep as long as it has words; cannot say `odd`."""

    def say(self, words: Words, chance: random.Random) -> Samples:
        if any(word["text"] == "odd" for word in words):
            raise KeyError("odd")
        return np.full(1000 * len(words), chance.random(), np.float32)


def line(*clauses: int, seed: int = 4, text: str = "word") -> dict[str, Any]:
    words = [[{"text": text}] * count for count in clauses]
    return {"voice": "beeper", "seed": seed, "clauses": words}


def test_clauses_lie_where_they_are_said_to() -> None:
    one = spoken(Beeper(), line(2, 1, 3))
    assert [stop - start for start, stop in one.clauses] == [2000, 1000, 3000]
    loud = np.zeros(len(one.samples), bool)
    for start, stop in one.clauses:
        loud[start:stop] = True
    assert np.all(one.samples[loud] != 0)
    assert np.all(one.samples[~loud] == 0)
    again = spoken(Beeper(), line(2, 1, 3))
    assert np.array_equal(again.samples, one.samples)
    assert not np.array_equal(spoken(Beeper(), line(2, 1, 3, seed=5)).samples, one.samples)


def test_what_a_voice_cannot_say_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert spoken(Beeper(), line(1, text="odd")).clauses == ()
    assert "odd" in capsys.readouterr().out


def test_speech_is_stored_as_it_was(tmp_path: Path) -> None:
    said = [spoken(Beeper(), line(2, 1)), spoken(Beeper(), line(1, text="odd"))]
    said.append(spoken(Beeper(), line(3)))
    path = speech.shard_path(tmp_path, "beeper-train", 0)
    speech.save(path, said)
    for before, after in zip(said, speech.load(path), strict=True):
        assert np.array_equal(before.samples, after.samples)
        assert before.clauses == after.clauses


def test_states_are_stored_as_they_were(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    encoded = [
        states.Encoded(at, name, clauses, chance.standard_normal((20 + at, 8)).astype(np.float16))
        for at, name, clauses in (
            (0, "clean", ((1, 5), (6, 9))),
            (0, "noise", ()),
            (2, "hum", ((0, 3),)),
        )
    ]
    path = states.states_path(tmp_path, "beeper-train-0000")
    states.save(path, encoded)
    for before, after in zip(encoded, states.load(path), strict=True):
        assert np.array_equal(before.states, after.states)
        assert (before.utterance, before.condition, before.clauses) == (
            after.utterance,
            after.condition,
            after.clauses,
        )


@pytest.mark.parametrize("name", MEASURED)
def test_a_condition_is_the_same_each_time(name: str) -> None:
    first, tempo = measured(name, TONE, OTHERS, seed=1)
    again, _ = measured(name, TONE, OTHERS, seed=1)
    assert np.array_equal(first, again)
    assert len(first) == pytest.approx(len(TONE) / tempo, abs=1)
    assert (name == "clean") == np.array_equal(first, TONE)


@pytest.mark.parametrize("name", ["hum", "babble", "noise"])
def test_noise_is_ten_decibels_below_the_speech(name: str) -> None:
    spoilt, _ = measured(name, TONE, OTHERS, seed=2)
    clean = TONE.astype(np.float32) / 32768
    noise = spoilt.astype(np.float32) / 32768 - clean
    assert 10 * np.log10(active_power(clean) / np.mean(noise**2)) == pytest.approx(10, abs=0.3)


def test_random_spoiling_repeats_by_its_seed_and_varies_otherwise() -> None:
    made = [drawn(TONE, OTHERS, random.Random(seed)) for seed in range(12)]
    again = [drawn(TONE, OTHERS, random.Random(seed)) for seed in range(12)]
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(made, again, strict=True))
    assert len({samples.tobytes() for samples, _ in made}) == 12
    assert len({tempo for _, tempo in made}) > 3
