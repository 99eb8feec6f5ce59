from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.config import ListeningConfig
from models.errors import EngineBusyError, EngineError
from models.interpreter import NoTelemetry
from models.listening.listener import Heard, Listener, SpeechEdge
from models.listening.words import join
from tests.models.fakes_engines import (
    SYLLABLE_MS,
    VOICE,
    Counts,
    FakeWhisper,
    ears,
    quiet,
    spoken,
)

Floats = NDArray[np.float32]

CONFIG = ListeningConfig(
    step_ms=400, window_s=6, trim_s=4, context_s=1.5, guard_ms=600, edge_ms=100, sure=0.5,
    pause_ms=300,
)  # fmt: skip
STEP = 6_400


class Ear:
    """A listener that is fed audio, and all that came of it."""

    def __init__(
        self,
        engine: FakeWhisper | None = None,
        config: ListeningConfig = CONFIG,
        source: str = "zh",
    ) -> None:
        self.engine = engine or FakeWhisper()
        self.counts = Counts()
        self.listener = Listener(ears(self.engine), config, source, self.counts)
        self.heard: list[Heard] = []
        self.edges: list[SpeechEdge] = []
        self.errors: list[EngineError] = []

    async def push(self, audio: Floats, sizes: Sequence[int] = (STEP // 4,)) -> None:
        """`audio` in pieces of `sizes`, over and over; each step when it is due."""
        at = number = 0
        while at < len(audio):
            size = sizes[number % len(sizes)]
            self.edges += self.listener.push(audio[at : at + size])
            at, number = at + size, number + 1
            await self.steps()

    async def steps(self) -> None:
        for _ in range(100):
            if not self.listener.due:
                return
            try:
                heard = await self.listener.step()
            except EngineError as error:
                self.errors.append(error)
                continue
            if heard is not None:
                self.heard.append(heard)
        raise AssertionError("it never stops being due")

    async def finish(self) -> None:
        self.listener.finish()
        await self.steps()

    @property
    def text(self) -> str:
        words = [word for heard in self.heard for word in heard.stable]
        return "".join(word.text for word in words)


def sentence(length: int, seed: int) -> str:
    """Characters without one twice in a row, so that an echo would show."""
    chance = random.Random(seed)
    out = chance.choice(VOICE[:14])
    while len(out) < length:
        out += chance.choice([char for char in VOICE[:14] if char != out[-1]])
    return out


async def test_all_that_is_said_becomes_stable_once_and_in_order() -> None:
    said = sentence(60, 1)
    ear = Ear()
    await ear.push(np.concatenate([quiet(1), spoken(said), quiet(1)]))
    await ear.finish()
    assert ear.text == said
    assert not ear.engine.misfits
    assert ear.engine.longest_s <= CONFIG.window_s
    assert len([heard for heard in ear.heard if heard.stable]) > 10, "it came as it was said"
    words = [word for heard in ear.heard for word in heard.stable]
    for index, word in enumerate(words):
        assert word.start_ms <= word.end_ms
        assert abs(word.end_ms - (1000 + (index + 1) * SYLLABLE_MS)) <= 60


async def test_stable_words_lag_but_the_tail_shows_the_rest() -> None:
    ear = Ear()
    await ear.push(np.concatenate([quiet(1), spoken(sentence(12, 2))]))
    assert any(heard.tail for heard in ear.heard)
    done = ""
    for heard in ear.heard:
        done += join(heard.stable, "zh")
        assert sentence(12, 2).startswith(done), "an unsure last syllable never becomes stable"
        assert heard.language == "zh"


@settings(max_examples=8)
@given(
    sizes=st.lists(st.integers(100, STEP), min_size=1, max_size=8),
    seed=st.integers(0, 3),
)
def test_any_division_of_the_audio_gives_the_same_text(sizes: list[int], seed: int) -> None:
    said = f"{sentence(14, seed)}     {sentence(9, seed + 1)}  {sentence(12, seed + 2)}"
    audio = np.concatenate([quiet(0.7), spoken(said), quiet(0.4)])

    async def text() -> str:
        ear = Ear()
        await ear.push(audio, sizes)
        await ear.finish()
        assert not ear.engine.misfits
        return ear.text

    assert asyncio.run(text()) == said.replace(" ", "")


@settings(max_examples=6)
@given(shift_ms=st.integers(0, 40), seed=st.integers(0, 100))
def test_a_rough_alignment_neither_repeats_nor_skips(shift_ms: int, seed: int) -> None:
    said = sentence(50, seed)

    async def scenario() -> None:
        ear = Ear(FakeWhisper(shift_ms=shift_ms))
        await ear.push(np.concatenate([quiet(0.7), spoken(said), quiet(1)]))
        await ear.finish()
        assert not ear.engine.misfits
        assert ear.text == said
        words = [word for heard in ear.heard for word in heard.stable]
        ends = [word.end_ms for word in words]
        assert ends == sorted(ends), "time does not run back"
        assert all(word.start_ms <= word.end_ms for word in words)

    asyncio.run(scenario())


async def test_a_pause_makes_everything_final() -> None:
    ear = Ear()
    await ear.push(np.concatenate([quiet(0.7), spoken(sentence(5, 3)), quiet(0.7)]))
    assert ear.text == sentence(5, 3)
    assert ear.heard[-1].pause_ms >= 300
    assert ear.heard[-1].tail == ()
    calls = ear.engine.calls
    await ear.push(quiet(5))
    assert ear.engine.calls == calls, "nothing new was said"


async def test_silence_costs_no_recognition() -> None:
    ear = Ear()
    await ear.push(quiet(8))
    await ear.push(np.zeros(160_000, dtype=np.float32))
    await ear.finish()
    assert ear.engine.calls == 0
    assert ear.heard == []
    assert ear.edges == []


async def test_after_minutes_of_silence_a_sentence_is_heard_whole() -> None:
    ear = Ear()
    await ear.push(np.concatenate([quiet(0.7), spoken("天地玄黄"), quiet(1)]))
    for _ in range(30):
        await ear.push(np.zeros(160_000, dtype=np.float32), [STEP])
    calls = ear.engine.calls
    await ear.push(np.concatenate([spoken("宇宙洪荒"), quiet(1)]))
    assert ear.text == "天地玄黄宇宙洪荒"
    assert ear.engine.calls <= calls + 6


async def test_words_stand_where_they_were_said() -> None:
    ear = Ear()
    await ear.push(np.concatenate([quiet(12.6), spoken("宇宙"), quiet(1)]))
    words = [word for heard in ear.heard for word in heard.stable]
    assert [round(word.end_ms, -2) for word in words] == [12_800, 13_000]


async def test_the_first_fault_is_tried_again() -> None:
    ear = Ear(FakeWhisper(faults=[None, EngineError("once"), None, EngineError("once more")]))
    await ear.push(np.concatenate([quiet(0.7), spoken(sentence(20, 4)), quiet(1)]))
    assert ear.text == sentence(20, 4)
    assert ear.counts.counts["retry"] == 2
    assert not ear.errors


async def test_two_faults_in_a_row_are_said_and_the_next_speech_is_clean() -> None:
    ear = Ear(FakeWhisper(faults=[EngineError("one"), EngineError("two")]))
    await ear.push(np.concatenate([quiet(0.7), spoken("天地玄黄"), quiet(1.5)]))
    assert [str(error) for error in ear.errors] == ["two"]
    before = ear.text
    await ear.push(np.concatenate([spoken("宇宙洪荒日月"), quiet(1)]))
    assert ear.text == before + "宇宙洪荒日月"
    assert "天地玄黄".endswith(before), "of the first, only what came after the fault"


async def test_an_overloaded_recogniser_is_not_asked_twice() -> None:
    ear = Ear(FakeWhisper(faults=[EngineBusyError("full")]))
    await ear.push(np.concatenate([quiet(0.7), spoken("天地玄黄"), quiet(1)]))
    assert len(ear.errors) == 1
    assert ear.counts.counts["retry"] == 0


async def test_what_is_improbable_is_not_believed() -> None:
    ear = Ear(FakeWhisper(probability=0.01, unsure=False))
    await ear.push(np.concatenate([quiet(0.7), spoken("天"), quiet(1)]))
    assert ear.text == ""
    assert ear.counts.counts["improbable"] == 1


async def test_a_loop_is_cut() -> None:
    def stuck(tokens: list[int]) -> list[int]:
        return [*tokens, *[1, 2] * 12]

    ear = Ear(FakeWhisper(mishear=stuck))
    await ear.push(np.concatenate([quiet(0.7), spoken("日月"), quiet(1)]))
    assert ear.counts.counts["recogniser_loop"] > 0
    assert len(ear.text) <= 5


async def test_the_end_of_the_audio_makes_the_rest_final() -> None:
    ear = Ear()
    await ear.push(np.concatenate([quiet(0.7), spoken(sentence(9, 6))]))
    assert len(ear.text) < 9
    await ear.finish()
    assert ear.text == sentence(9, 6)
    assert ear.heard[-1].pause_ms
    await ear.finish()
    assert ear.text == sentence(9, 6), "finishing twice changes nothing"


async def test_speech_goes_on_after_everything_so_far_was_wanted() -> None:
    ear = Ear()
    said = sentence(24, 7)
    await ear.push(np.concatenate([quiet(0.7), spoken(said[:12])]))
    await ear.finish()
    assert ear.text == said[:12]
    await ear.push(np.concatenate([spoken(said[12:]), quiet(1)]))
    await ear.finish()
    assert ear.text == said


async def test_a_step_when_there_is_nothing_to_hear_does_nothing() -> None:
    ear = Ear()
    assert await ear.listener.step() is None
    assert not ear.listener.overdue


async def test_it_says_when_it_is_behind() -> None:
    listener = Listener(ears(FakeWhisper()), CONFIG, "zh", NoTelemetry())
    audio = np.concatenate([quiet(0.7), spoken(sentence(40, 8))])
    assert not listener.overdue
    for at in range(0, len(audio), STEP):
        listener.push(audio[at : at + STEP])
    assert listener.due
    assert listener.overdue


async def test_the_language_is_found_for_each_speech() -> None:
    ear = Ear(FakeWhisper(language="en"), source="auto")
    await ear.push(np.concatenate([quiet(0.7), spoken(sentence(12, 9)), quiet(1)]))
    assert ear.listener.language == "en"
    assert ear.engine.detections == 1
    ear.engine.language = "zh"
    await ear.push(np.concatenate([spoken(sentence(12, 9)), quiet(1)]))
    assert ear.heard[-1].language == "zh"
    assert ear.engine.detections == 2


async def test_a_known_language_is_not_looked_for() -> None:
    ear = Ear(FakeWhisper(language="en"))
    await ear.push(np.concatenate([quiet(0.7), spoken(sentence(12, 9)), quiet(1)]))
    assert ear.engine.detections == 0
    assert ear.heard[-1].language == "zh"


async def test_earlier_words_prime_the_recogniser_only_if_wanted() -> None:
    audio = np.concatenate([quiet(0.7), spoken("天地"), quiet(1), spoken("玄黄"), quiet(1)])
    for wanted in (True, False):
        ear = Ear(config=CONFIG.model_copy(update={"prompt": wanted}))
        await ear.push(audio)
        assert ear.text == "天地玄黄"
        assert any(ear.engine.prompts) is wanted


async def test_a_talk_without_end_takes_no_more_memory() -> None:
    ear = Ear()
    audio = np.concatenate([spoken(sentence(25, 10)), quiet(1)])
    sizes = []
    tracemalloc.start()
    try:
        for _ in range(6):
            await ear.push(audio, [STEP])
            ear.heard.clear()
            ear.edges.clear()
            ear.engine.prompts.clear()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes[3:]) < 1.1 * max(sizes[:3]) + 100_000


async def test_a_flush_in_the_pause_after_a_sentence_leaves_nothing_behind() -> None:
    ear = Ear()
    said = sentence(24, 9)
    await ear.push(np.concatenate([quiet(0.7), spoken(said[:12]), quiet(0.4)]))
    await ear.finish()
    await ear.push(np.concatenate([quiet(1.0), spoken(said[12:]), quiet(1.0)]))
    await ear.finish()
    assert ear.text == said
