from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from models.cascade import Cascade
from models.channel import Channel
from models.config import ListeningConfig, ModelsConfig, PolicyConfig, SpeakingConfig
from models.engines.gate import Priority
from models.errors import EngineError
from models.events import (
    Audio,
    AudioInput,
    ChunkFinal,
    Failure,
    Flush,
    Flushed,
    InterpreterEvent,
    Notice,
    SessionSpec,
    SpeechStarted,
    SpeechStopped,
    Term,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
)
from models.load import Load
from models.pending import Pending
from tests.models.fakes_engines import (
    VOICE,
    Counts,
    FakeLLM,
    FakeWhisper,
    ears,
    in_english,
    quiet,
    spoken,
)

E = TypeVar("E")
SPEC = SessionSpec("zh", "en", previews=False)
CONFIG = ModelsConfig(
    listening=ListeningConfig(
        step_ms=400, window_s=6, trim_s=4, context_s=1.5, guard_ms=600, edge_ms=100, sure=0.5,
        pause_ms=300,
    ),
    policy=PolicyConfig(
        name="semantic", min_chars=3, max_lag_ms=4000, pause_ms=400, boundary=0.5,
        boundary_after_ms=0,
    ),
    speaking=SpeakingConfig(
        memory_tokens=400, max_ratio=10, preview_interval_ms=0, preview_least=1, preview_load=1.0
    ),
)  # fmt: skip


class Session:
    """One cascade, fed as fast as it listens, and its events so far."""

    def __init__(
        self,
        whisper: FakeWhisper | None = None,
        llm: FakeLLM | None = None,
        config: ModelsConfig = CONFIG,
        spec: SessionSpec = SPEC,
    ) -> None:
        self.whisper = whisper or FakeWhisper()
        self.llm = llm or FakeLLM()
        self.counts = Counts()
        self.audio: Channel[AudioInput] = Channel(
            300.0, weight=lambda item: item.duration_s if isinstance(item, Audio) else 0.0
        )
        self.channel: Channel[InterpreterEvent] = Channel(2000)
        self.events: list[InterpreterEvent] = []
        self.cascade = Cascade(ears(self.whisper), self.llm, config, spec, self.counts, Load())
        self.task = asyncio.create_task(self.cascade.interpret(self.audio, self.channel))

    async def say(self, *parts: NDArray[np.float32] | Flush) -> None:
        """Send what follows in pieces of 100 ms, each when the one before was taken."""
        for part in parts:
            if isinstance(part, Flush):
                await self.audio.send(part)
                continue
            for at in range(0, len(part), 1600):
                await self.audio.send(Audio(part[at : at + 1600]))
                await self.until(lambda: not len(self.audio))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for it; a session that ends before is an error."""
        async with asyncio.timeout(60):
            while not true():
                if self.task.done():
                    self.task.result()
                    assert true(), "the session ended"
                    return
                await asyncio.sleep(0)
                await self._take()

    async def _take(self) -> None:
        while (event := await self.channel.receive_now()) is not None:
            self.events.append(event)

    async def end(self) -> None:
        """No more audio: wait for the rest."""
        await self.audio.close()
        async with asyncio.timeout(60):
            await self.task
        await self._take()

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def session(
    whisper: FakeWhisper | None = None,
    llm: FakeLLM | None = None,
    config: ModelsConfig = CONFIG,
    spec: SessionSpec = SPEC,
) -> AsyncIterator[Session]:
    """A session that leaves nothing behind, however its test ends."""
    before = asyncio.all_tasks()
    talk = Session(whisper, llm, config, spec)
    try:
        yield talk
    finally:
        talk.task.cancel()
        await asyncio.gather(talk.task, return_exceptions=True)
    assert asyncio.all_tasks() == before
    assert talk.llm.lanes == 0
    assert talk.llm.generating == 0


def changed(config: ModelsConfig = CONFIG, **groups: dict[str, object]) -> ModelsConfig:
    """CONFIG with other values in some groups."""
    return config.model_copy(
        update={
            name: getattr(config, name).model_copy(update=values) for name, values in groups.items()
        }
    )


def sentence(length: int, seed: int = 0) -> str:
    chance = random.Random(seed)
    out = chance.choice(VOICE[:14])
    while len(out) < length:
        out += chance.choice([char for char in VOICE[:14] if char != out[-1]])
    return out


def check_order(talk: Session) -> None:
    """What must hold for the events of any session."""
    begun = 0
    open_deltas = ""
    ended_ms = 0
    for event in talk.events:
        if isinstance(event, TranslationDelta):
            assert event.chunk == begun + 1
            assert event.delta
            open_deltas += event.delta
        elif isinstance(event, ChunkFinal):
            begun += 1
            assert event.chunk == begun
            assert event.translation == open_deltas
            assert ended_ms <= event.start_ms <= event.end_ms <= event.heard_ms
            ended_ms, open_deltas = event.end_ms, ""
        elif isinstance(event, Flushed):
            assert not open_deltas, "a flush is answered between chunks"
    assert not open_deltas


async def test_a_talk_is_translated_from_end_to_end() -> None:
    said = "天地玄黄，宇宙洪荒，日月盈昃。"
    async with session() as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1.5), spoken("辰宿天地"), quiet(1))
        await talk.end()
    check_order(talk)
    finals = talk.of(ChunkFinal)
    assert "".join(final.source for final in finals) == said + "辰宿天地"
    assert [final.source for final in finals][-1] == "辰宿天地"
    for final in finals:
        assert final.translation == in_english(final.source)
    assert len(finals) >= 3
    assert isinstance(talk.events[0], SpeechStarted)
    assert len(talk.of(SpeechStarted)) == len(talk.of(SpeechStopped)) == 2
    assert not talk.of(Failure)
    assert talk.of(TranscriptPartial)[-1].text == ""
    assert talk.counts.counts["chunks"] == len(finals)


async def test_partials_hold_what_is_not_committed_yet() -> None:
    said = "天地玄黄，宇宙洪荒，日月"
    async with session() as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    committed = ""
    shown: list[str] = []
    for event in talk.events:
        if isinstance(event, ChunkFinal):
            committed += event.source
        elif isinstance(event, TranscriptPartial):
            assert event.start_ms <= event.end_ms
            assert not shown or event.text != shown[-1]
            shown.append(event.text)
            good = event.text[:-1]  # the last character may be a guess
            assert (committed + good) == said[: len(committed + good)]
    assert len(shown) > 5


async def test_no_sound_no_events() -> None:
    async with session() as talk:
        await talk.end()
    assert talk.events == []
    async with session() as talk:
        await talk.say(np.zeros(48_000, dtype=np.float32))
        await talk.end()
    assert talk.events == []
    assert talk.whisper.calls == 0


async def test_a_flush_is_answered_after_what_was_said_before_it() -> None:
    async with session() as talk:
        await talk.say(Flush("first"), quiet(0.7), spoken("天地玄"), quiet(0.2), Flush("second"))
        await talk.say(quiet(0.5), spoken("黄宇宙洪荒"), Flush("third"), Flush("fourth"))
        await talk.until(lambda: len(talk.of(Flushed)) == 4)
        await talk.end()
    check_order(talk)
    marks = [event for event in talk.events if isinstance(event, ChunkFinal | Flushed)]
    before: dict[str, str] = {}
    source = ""
    for mark in marks:
        if isinstance(mark, ChunkFinal):
            source += mark.source
        else:
            before[mark.marker] = source
    assert before == {
        "first": "",
        "second": "天地玄",
        "third": "天地玄黄宇宙洪荒",
        "fourth": "天地玄黄宇宙洪荒",
    }


async def test_flushes_wait_for_a_slow_llm() -> None:
    llm = FakeLLM(gate=asyncio.Event())
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken("天地玄"), Flush("one"), Flush("two"))
        await talk.until(lambda: llm.generating == 1)
        assert not talk.of(Flushed)
        assert llm.gate is not None
        llm.gate.set()
        await talk.until(lambda: len(talk.of(Flushed)) == 2)
        assert [event.marker for event in talk.of(Flushed)] == ["one", "two"]
        assert talk.of(ChunkFinal)


async def test_it_listens_on_while_the_llm_is_slow() -> None:
    llm = FakeLLM(gate=asyncio.Event())
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄，宇宙洪荒"))
        await talk.until(lambda: llm.generating == 1)
        seen = len(talk.of(TranscriptPartial))
        await talk.say(spoken("日月盈昃辰宿"))
        assert llm.generating == 1
        assert len(talk.of(TranscriptPartial)) > seen + 1
        assert talk.of(TranscriptPartial)[-1].text.startswith("天地玄黄，宇宙洪荒日"), (
            "what is being translated is not committed yet"
        )
        assert llm.gate is not None
        llm.gate.set()
        await talk.end()
    check_order(talk)
    assert "".join(f.source for f in talk.of(ChunkFinal)) == "天地玄黄，宇宙洪荒日月盈昃辰宿"


async def test_audio_that_waited_is_heard_as_well() -> None:
    said = sentence(50)
    audio = np.concatenate([quiet(0.7), spoken(said), quiet(1)])
    async with session() as talk:
        for at in range(0, len(audio), 8000):
            await talk.audio.send(Audio(audio[at : at + 8000]))
        await talk.end()
    check_order(talk)
    assert "".join(final.source for final in talk.of(ChunkFinal)) == said
    assert talk.whisper.longest_s <= CONFIG.listening.window_s


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


async def test_the_likely_end_of_a_clause_is_a_cut() -> None:
    llm = FakeLLM(boundary=lambda text: 0.9 if text.endswith("日") else 0.0)
    said = "宇宙洪荒日月盈昃辰宿天地玄黄"
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    assert [final.source for final in talk.of(ChunkFinal)] == [said[:5], said[5:]]
    assert llm.boundaries


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


async def test_previews_show_the_rest_and_go_when_it_is_committed() -> None:
    spec = SessionSpec("zh", "en", previews=True)
    async with session(spec=spec) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄宇宙洪荒"), quiet(1.5))
        await talk.end()
    check_order(talk)
    previews = talk.of(TranslationPreview)
    assert any(preview.text.startswith("sky earth") for preview in previews)
    shown = ""
    for event in talk.events:
        if isinstance(event, TranslationPreview):
            assert event.text != shown
            shown = event.text
        elif isinstance(event, ChunkFinal):
            assert shown == "", "withdrawn before its chunk is final"
    assert talk.llm.asked_for(Priority.PREVIEW)


async def test_a_preview_is_shown_while_it_grows() -> None:
    config = changed(policy={"min_chars": 50, "pause_ms": 2000})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(0.6))
        await talk.until(lambda: any("gold" in p.text for p in talk.of(TranslationPreview)))
        shown = [preview.text for preview in talk.of(TranslationPreview)]
        await talk.end()
    assert len(shown) > len(talk.llm.asked_for(Priority.PREVIEW))
    assert all(new.startswith(old) for old, new in pairwise(shown))


async def test_a_preview_of_all_that_was_said_is_committed_as_it_is() -> None:
    spec = SessionSpec("zh", "en", previews=True)
    config = changed(policy={"min_chars": 50, "pause_ms": 2000})
    async with session(config=config, spec=spec) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(0.6))
        await talk.until(lambda: any("gold" in p.text for p in talk.of(TranslationPreview)))
        await talk.end()
    assert talk.counts.counts["preview_reused"] == 1
    assert not talk.llm.asked_for(Priority.COMMIT)
    assert [final.translation for final in talk.of(ChunkFinal)] == [in_english("天地玄黄")]


async def test_previews_need_a_wish_and_an_idle_llm() -> None:
    for spec, idle in ((SPEC, True), (SessionSpec("zh", "en"), False)):
        llm = FakeLLM(idle=idle)
        async with session(llm=llm, spec=spec) as talk:
            await talk.say(quiet(0.7), spoken("天地玄黄宇宙"), quiet(1))
            await talk.end()
        assert not talk.of(TranslationPreview)
        assert not llm.asked_for(Priority.PREVIEW)


async def test_a_word_or_two_is_not_previewed() -> None:
    config = changed(speaking={"preview_least": 50}, policy={"min_chars": 50})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄宇宙"), quiet(1))
        await talk.end()
    assert not talk.llm.asked_for(Priority.PREVIEW)
    assert talk.of(ChunkFinal)


async def test_each_chunk_has_a_preview_however_long_the_interval() -> None:
    config = changed(speaking={"preview_interval_ms": 10_000_000})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken(sentence(12)), quiet(1.2))
        await talk.until(lambda: bool(talk.of(ChunkFinal)))
        await talk.say(spoken(sentence(12)), quiet(1.2))
        await talk.end()
    after = talk.events[talk.events.index(talk.of(ChunkFinal)[0]) :]
    assert any(isinstance(event, TranslationPreview) and event.text for event in after)


async def test_under_load_previews_stop_and_it_says_so_once() -> None:
    config = changed(speaking={"preview_load": 0.0})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken(sentence(20)), quiet(1))
        await talk.end()
    check_order(talk)
    assert [notice.code for notice in talk.of(Notice)] == ["previews_paused"]
    assert not talk.llm.asked_for(Priority.PREVIEW)


async def test_a_preview_that_fails_costs_nothing_but_itself() -> None:
    llm = FakeLLM(faults=[EngineError("busy")])
    async with session(llm=llm, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄宇宙"), quiet(1))
        await talk.end()
    check_order(talk)
    assert talk.counts.counts["preview_failed"] == 1
    assert not talk.of(Failure)
    assert talk.of(ChunkFinal)[0].translation.startswith("sky earth")


async def test_terms_are_reported_with_their_chunk() -> None:
    term = Term("洪荒", "primordial chaos")
    async with session(spec=SessionSpec("zh", "en", (term,), previews=False)) as talk:
        await talk.say(quiet(0.7), spoken("宇宙洪荒"), quiet(1.2), spoken("日月盈昃"), quiet(1))
        await talk.end()
    assert [final.terms for final in talk.of(ChunkFinal)] == [(term,), ()]
    assert "洪荒 = primordial chaos" in talk.llm.asked[0].conversation.user


async def test_words_wait_in_bounds_when_nothing_is_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Pending, "LIMIT", 12)
    llm = FakeLLM(gate=asyncio.Event())
    config = changed(policy={"name": "fixed", "fixed_ms": 600})
    said = sentence(60)
    async with session(llm=llm, config=config) as talk:
        audio = np.concatenate([quiet(0.7), spoken(said), quiet(1)])
        for at in range(0, len(audio), 1600):
            await talk.audio.send(Audio(audio[at : at + 1600]))
        await talk.until(lambda: llm.generating == 1)
        calls = -1
        while calls != talk.whisper.calls:
            calls = talk.whisper.calls
            for _ in range(50):
                await asyncio.sleep(0)
        assert len(talk.audio) > 10, "the rest of the audio waits in its channel"
        assert llm.gate is not None
        llm.gate.set()
        await talk.end()
    check_order(talk)
    assert "".join(final.source for final in talk.of(ChunkFinal)) == said


@pytest.mark.parametrize("name", ["semantic", "fixed", "pause", "wait-k"])
async def test_every_policy_commits_every_word_once(name: str) -> None:
    config = changed(policy={"name": name, "fixed_ms": 1000, "k": 4})
    said = f"{sentence(12, 1)}     {sentence(8, 2)}"
    async with session(config=config) as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    check_order(talk)
    assert "".join(final.source for final in talk.of(ChunkFinal)) == said.replace(" ", "")
