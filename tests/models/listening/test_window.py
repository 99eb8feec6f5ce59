from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.listening.window import FRAME_MS, Window
from models.listening.words import Word

Floats = NDArray[np.float32]
RATE = 16_000


def noise(seconds: float, seed: int = 0, level: float = 0.1) -> Floats:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level
    return np.asarray(samples, dtype=np.float32)


def words(ends_ms: list[int], start_ms: int = 0) -> list[Word]:
    starts = [start_ms, *ends_ms[:-1]]
    return [
        Word(str(number), (number, 100 + number), start, end, 0.9)
        for number, (start, end) in enumerate(zip(starts, ends_ms, strict=True))
    ]


def window(seconds: float, ends_ms: list[int], seed: int = 0) -> Window:
    made = Window(80)
    made.push(noise(seconds, seed))
    made.words = words(ends_ms)
    return made


def test_it_counts_in_frames_and_milliseconds() -> None:
    made = Window(80)
    assert made.frames().shape == (0, 80)
    made.push(noise(1.005))
    assert (made.now, made.heard_ms, made.start_ms) == (100, 1005, 0)
    assert made.duration_s == 1.0
    assert made.frames().shape == (100, 80)


@settings(max_examples=15)
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6), start=st.integers(0, 120))
def test_frames_are_those_of_the_audio_however_it_is_pushed(sizes: list[int], start: int) -> None:
    audio = noise(1.5)
    whole = Window(80)
    whole.push(audio)
    parts = Window(80)
    at = number = 0
    while at < len(audio):
        parts.push(audio[at : at + sizes[number % len(sizes)]])
        at, number = at + sizes[number % len(sizes)], number + 1
    for made in (whole, parts):
        made.restart(start)
    assert whole.start_ms == parts.start_ms == start * FRAME_MS
    np.testing.assert_allclose(whole.frames(), parts.frames(), atol=1e-5)
    assert len(whole.frames()) == 150 - start


def test_a_restart_makes_its_words_history() -> None:
    made = window(2.0, [500, 1000])
    made.restart(120)
    assert made.words == []
    assert made.history == (0, 100, 1, 101)
    assert made.start_ms == 1200
    made.restart(50)
    assert made.start_ms == 1200, "what is gone is gone"
    made.restart(10_000)
    assert made.start_ms == 2000, "it never starts after now"
    assert made.frames().shape == (0, 80)


def test_a_window_that_starts_at_its_newest_frame_grows_from_there() -> None:
    audio = noise(3.0)
    late = Window(80)
    late.push(audio[:32_000])
    late.restart(200)
    for at in range(32_000, 32_500, 50):
        late.push(audio[at : at + 50])
        assert len(late.frames()) == late.now - 200
    late.push(audio[32_500:])
    whole = Window(80)
    whole.push(audio)
    np.testing.assert_allclose(late.frames(), whole.frames()[200:], atol=1e-5)


def test_history_is_short() -> None:
    made = window(2.0, list(range(10, 2000, 10)))
    made.restart(100)
    assert len(made.history) <= 64
    assert made.history[-1] == made.history[-2] + 100, "the newest are kept"


@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(60, 600), min_size=1, max_size=16),
    keep_ms=st.integers(0, 3000),
    seed=st.integers(0, 5),
)
def test_trimming_keeps_enough_words_and_all_their_audio(
    lengths: list[int], keep_ms: int, seed: int
) -> None:
    ends = [int(end) for end in np.cumsum(lengths)]
    made = window(ends[-1] / 1000 + 0.5, ends, seed)
    before = list(made.words)
    made.trim(keep_ms)
    dropped = before[: len(before) - len(made.words)]
    assert made.words == before[len(dropped) :]
    if not dropped:
        assert made.start_ms == 0
        return
    assert before[-1].end_ms - dropped[-1].end_ms >= keep_ms
    assert made.words or keep_ms == 0
    assert made.start_ms <= dropped[-1].end_ms + 150 + FRAME_MS
    if made.words:
        assert made.start_ms < made.words[0].end_ms
    assert made.history == tuple(t for word in dropped for t in word.tokens)[-64:]
    assert len(made.frames()) == made.now - made.start
    made.trim(0)
    made.trim(0)


def test_the_cut_is_at_the_quietest_point_near_the_end() -> None:
    audio = noise(4.0)
    audio[round(1.03 * RATE) : round(1.1 * RATE)] *= 1e-3
    made = Window(80)
    made.push(audio)
    made.words = words([400, 1000, 1600, 3500])
    made.trim(1500)
    assert [word.end_ms for word in made.words] == [1600, 3500]
    assert 1030 <= made.start_ms <= 1100


def test_without_words_there_is_nothing_to_trim() -> None:
    made = Window(80)
    made.push(noise(3))
    made.trim(1000)
    assert made.start_ms == 0
    made.words = words([2900])
    made.trim(1000)
    assert len(made.words) == 1
    assert made.start_ms == 0


def test_a_long_talk_takes_no_more_memory_than_its_beginning() -> None:
    made = Window(80)
    piece = noise(1.0)
    sizes: list[int] = []
    rng = np.random.default_rng(0)
    # Of the listening alone: what else runs in this process (hypothesis) keeps things as well.
    ours = tracemalloc.Filter(inclusive=True, filename_pattern="*/models/*", all_frames=True)
    tracemalloc.start(8)
    try:
        for second in range(900):
            made.push(piece)
            end = made.heard_ms - int(rng.integers(0, 100))
            begun = made.words[-1].end_ms if made.words else made.start_ms
            made.words.append(Word("x", (1, 2, 3), begun, max(begun, end), 0.9))
            if made.duration_s > 6 + rng.integers(0, 4):
                made.trim(2500)
            if second % 60 == 59:
                kept = tracemalloc.take_snapshot().filter_traces([ours])
                sizes.append(sum(trace.size for trace in kept.traces))
    finally:
        tracemalloc.stop()
    assert made.duration_s < 12
    assert np.median(sizes[5:]) <= 1.5 * max(sizes[:5])
