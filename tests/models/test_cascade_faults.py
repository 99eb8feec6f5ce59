from __future__ import annotations

import asyncio

import numpy as np
import pytest

from models.errors import EngineError
from models.events import (
    Audio,
    ChunkFinal,
    Failure,
)
from tests.models.cascade_session import check_order, sentence, session
from tests.models.fakes_engines import (
    FakeLLM,
    FakeWhisper,
    in_english,
    quiet,
    spoken,
)


async def test_a_chunk_that_the_llm_fails_on_twice_is_reported_and_the_next_one_works() -> None:
    llm = FakeLLM(faults=[EngineError("dead"), EngineError("dead still")])
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(1.2), spoken("日月盈昃"), quiet(1.2))
        await talk.end()
    check_order(talk)
    (failure,) = talk.of(Failure)
    assert failure.code == "translation_failed"
    assert "天地玄黄" in failure.message
    assert "dead still" in failure.message
    first, second = talk.of(ChunkFinal)
    assert (first.source, first.translation) == ("天地玄黄", "")
    assert (second.source, second.translation) == ("日月盈昃", in_english("日月盈昃"))
    assert talk.events.index(failure) < talk.events.index(first)


async def test_what_was_out_before_the_llm_failed_stays() -> None:
    llm = FakeLLM(faults=[EngineError("1"), EngineError("2")], fault_after=2)
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(1.2))
        await talk.end()
    check_order(talk)
    (final,) = talk.of(ChunkFinal)
    assert final.translation
    assert in_english("天地玄黄").startswith(final.translation)


async def test_a_failing_boundary_does_not_stop_the_talk() -> None:
    llm = FakeLLM(boundary=lambda _text: EngineError("no logits"))
    said = sentence(10)
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    check_order(talk)
    assert "".join(final.source for final in talk.of(ChunkFinal)) == said
    assert talk.counts.counts["boundary_failed"] > 0
    assert {failure.code for failure in talk.of(Failure)} == {"llm_failed"}


async def test_speech_that_the_recogniser_fails_on_is_reported_and_it_recovers() -> None:
    whisper = FakeWhisper(faults=[EngineError("cuda"), EngineError("cuda again")])
    async with session(whisper) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(1.5), spoken("日月盈昃"), quiet(1))
        await talk.end()
    check_order(talk)
    (failure,) = talk.of(Failure)
    assert failure.code == "recogniser_failed"
    assert "cuda again" in failure.message
    assert talk.of(ChunkFinal)[-1].source == "日月盈昃"


@pytest.mark.parametrize("silent_s", [0.0, 1.0])
async def test_cancelled_while_it_generates_it_frees_the_lane(silent_s: float) -> None:
    llm = FakeLLM(gate=asyncio.Event())
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄，宇宙"), quiet(silent_s))
        await talk.until(lambda: llm.generating == 1)
        talk.task.cancel()
        await asyncio.gather(talk.task, return_exceptions=True)
        assert talk.task.cancelled()
        assert llm.lanes == llm.generating == 0


async def test_cancelled_while_it_listens_it_frees_the_lane() -> None:
    whisper = FakeWhisper(gate=asyncio.Event())
    async with session(whisper) as talk:
        await talk.audio.send(Audio(np.concatenate([quiet(0.7), spoken("天地玄黄宇宙洪荒")])))
        await talk.until(lambda: whisper.calls == 1)
        talk.task.cancel()
        await asyncio.gather(talk.task, return_exceptions=True)
        assert talk.task.cancelled()
        assert talk.llm.lanes == 0
