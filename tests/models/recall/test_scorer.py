"""Terms scored by audio: the committed weights, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models import weights
from models.errors import EngineError, WeightsError
from models.recall.phones import SYMBOLS, Phones, phones
from models.recall.scorer import LONGEST, STATE_WIDTH, WEIGHTS, SpeechScorer, key_ids
from models.weights.config import WeightsConfig

DATA = Path(__file__).resolve().parents[2] / "data"
KEYS: list[Phones] = [phones(text) for text in ("光伏板", "马奎尔", "清华大学", "Stones", "电网")]


@pytest.fixture(scope="module")
def scorer() -> SpeechScorer:
    return SpeechScorer()


def noise(count: int, seed: int = 1) -> NDArray[np.float32]:
    """States that no encoder made."""
    return np.random.default_rng(seed).standard_normal((count, STATE_WIDTH)).astype(np.float32)


# What comes out ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 25, 301, 1500])
def test_a_probability_for_each_key_of_any_length_of_audio(
    scorer: SpeechScorer, count: int
) -> None:
    scores = scorer.score(noise(count), KEYS)
    assert scores.shape == (len(KEYS),)
    assert scores.dtype == np.float32
    assert np.all((scores >= 0) & (scores <= 1))


def test_other_keys_do_not_change_a_score(scorer: SpeechScorer) -> None:
    states = noise(200)
    together = scorer.score(states, KEYS)
    alone = [scorer.score(states, [key])[0] for key in KEYS]
    backwards = scorer.score(states, KEYS[::-1])[::-1]
    assert together == pytest.approx(alone, abs=1e-5)
    assert together == pytest.approx(backwards, abs=1e-5)


def test_more_keys_than_one_run_takes(scorer: SpeechScorer) -> None:
    states = noise(60)
    scores = scorer.score(states, KEYS * 120)
    assert scores == pytest.approx(np.tile(scores[: len(KEYS)], 120), abs=1e-5)


def test_threads_share_one_scorer(scorer: SpeechScorer) -> None:
    given = [noise(100 + 7 * at, at) for at in range(16)]
    alone = [scorer.score(states, KEYS) for states in given]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda states: scorer.score(states, KEYS), given))
    assert np.allclose(alone, together, atol=1e-5)


def test_nothing_asked_and_nothing_heard(scorer: SpeechScorer) -> None:
    assert scorer.score(noise(50), []).shape == (0,)
    assert scorer.score(noise(0), KEYS).tolist() == [0.0] * len(KEYS)
    assert scorer.score(noise(50), [(), KEYS[0], ()])[[0, 2]].tolist() == [0.0, 0.0]


def test_a_long_key_is_scored_by_its_first_syllables(scorer: SpeechScorer) -> None:
    long = phones("中华人民共和国全国人民代表大会常务委员会")
    assert len(long) > LONGEST * 3
    states = noise(150)
    cut, whole = scorer.score(states, [long[: LONGEST * 3], long])
    assert cut == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("key", [("?",), ("m_", "_a"), ("m_", "_a", "3", "k_"), ("", "", "")])
def test_odd_symbols_do_no_harm(scorer: SpeechScorer, key: Phones) -> None:
    scores = scorer.score(noise(80), [KEYS[0], key])
    assert np.all(np.isfinite(scores))
    assert scores[0] == pytest.approx(scorer.score(noise(80), KEYS[:1])[0], abs=1e-5)


def test_every_symbol_has_a_number() -> None:
    ids = key_ids([SYMBOLS[:36], SYMBOLS[36:]])
    assert ids.min() >= 0
    assert ids.shape[2] == 3
    assert np.unique(ids[ids > 0]).size == len(set(SYMBOLS))


# What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40,), (40, 384), (1501, STATE_WIDTH), (1, 40, STATE_WIDTH)])
def test_states_of_another_shape(scorer: SpeechScorer, shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match=r"shape \(T, 512\)"):
        scorer.score(np.zeros(shape, np.float32), KEYS)


def copied(folder: Path, **changes: object) -> Path:
    """The weights in `folder`, their description changed."""
    shutil.copy(WEIGHTS, folder)
    about = json.loads(WEIGHTS.with_suffix(".json").read_text("utf-8")) | changes
    (folder / "scorer.json").write_text(json.dumps(about), "utf-8")
    return folder / "scorer.onnx"


def test_other_symbols_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="train it again"):
        SpeechScorer(copied(tmp_path, symbols="0123456789abcdef"))


def test_a_description_without_threshold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="threshold"):
        SpeechScorer(copied(tmp_path, threshold=None))


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_damaged_description_is_refused(tmp_path: Path, text: str) -> None:
    path = copied(tmp_path)
    path.with_suffix(".json").write_text(text, "utf-8")
    with pytest.raises(WeightsError, match=r"scorer\.json|symbols"):
        SpeechScorer(path)


def test_missing_and_damaged_graphs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"scorer\.json"):
        SpeechScorer(tmp_path / "scorer.onnx")
    path = copied(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="does not load"):
        SpeechScorer(path)


def test_the_committed_weights_are_small_and_described() -> None:
    about = SpeechScorer().about
    assert WEIGHTS.stat().st_size < 5_000_000
    assert {"version", "trained", "temperature", "threshold", "test"} <= set(about)
    assert 0 < about["threshold"] < 1


# Real speech ------------------------------------------------------------------------------

SPOKEN = [  # segment of tests/data/zh-talk, what is said, what is not
    (1, "陈志远", ("陈智勇", "程之源泉", "陈志强", "孙志远")),
    (1, "太阳能项目", ("太阴能项目", "太阳能相片", "海洋能项目")),
    (2, "光伏板", ("光复会", "关不住", "光伏车", "三合板")),
    (7, "蓄电池", ("续电费", "蓄水池", "充电器")),
    (9, "逆变器", ("逆向思维", "变压器", "净化器")),
    (11, "通风", ("通知", "东方", "通缝机")),
    (18, "补贴", ("不平", "补丁", "普通")),
]


@pytest.fixture(scope="module")
def states() -> list[NDArray[np.float32]]:
    """Of each segment of zh-talk with half a second around it."""
    encode = pytest.importorskip("training.retriever.encode")
    encoder = encode.Encoder(weights.ensure("whisper-base", config=WeightsConfig()))
    samples, rate = soundfile.read(DATA / "zh-talk.flac", dtype="int16")
    segments = json.loads((DATA / "zh-talk.json").read_text("utf-8"))["segments"]
    return [
        encoder.states(
            samples[round((one["start"] - 0.4) * rate) : round((one["end"] + 0.5) * rate)], 100
        ).astype(np.float32)
        for one in segments
    ]


@pytest.mark.real
@pytest.mark.parametrize(("segment", "term", "others"), SPOKEN)
def test_a_spoken_word_scores_above_words_that_sound_like_it(
    scorer: SpeechScorer,
    states: list[NDArray[np.float32]],
    segment: int,
    term: str,
    others: tuple[str, ...],
) -> None:
    scores = scorer.score(states[segment], [phones(text) for text in (term, *others)])
    assert scores[0] > scores[1:].max(), dict(zip((term, *others), scores, strict=True))


@pytest.mark.real
def test_a_word_is_told_from_the_same_word_elsewhere(
    scorer: SpeechScorer, states: list[NDArray[np.float32]]
) -> None:
    chance = random.Random(5)
    for segment, term, _ in SPOKEN:
        silent = [at for at in range(len(states)) if at not in (segment, segment + 1)]
        there = scorer.score(states[segment], [phones(term)])[0]
        elsewhere = [scorer.score(states[at], [phones(term)])[0] for at in chance.sample(silent, 5)]
        assert there > np.median(elsewhere)
        assert np.median(elsewhere) < scorer.threshold
