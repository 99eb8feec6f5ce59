from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from models.events import (
    Audio,
    ChunkFinal,
    Failure,
    Flush,
    Flushed,
    SessionSpec,
    SpeechStarted,
    SpeechStopped,
    Term,
    TranscriptPartial,
)
from models.pending import Pending
from models.recall.phones import Phones
from tests.models.cascade_session import CONFIG, Session, changed, check_order, sentence, session
from tests.models.fakes_engines import (
    VOICE,
    FakeLLM,
    heard_in,
    in_english,
    quiet,
    spoken,
)


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


async def test_the_likely_end_of_a_clause_is_a_cut() -> None:
    llm = FakeLLM(boundary=lambda text: 0.9 if text.endswith("日") else 0.0)
    said = "宇宙洪荒日月盈昃辰宿天地玄黄"
    async with session(llm=llm) as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    assert [final.source for final in talk.of(ChunkFinal)] == [said[:5], said[5:]]
    assert llm.boundaries


async def test_terms_are_reported_with_their_chunk() -> None:
    term = Term("洪荒", "primordial chaos")
    async with session(spec=SessionSpec("zh", "en", (term,), previews=False)) as talk:
        await talk.say(quiet(0.7), spoken("宇宙洪荒"), quiet(1.2), spoken("日月盈昃"), quiet(1))
        await talk.end()
    assert [final.terms for final in talk.of(ChunkFinal)] == [(term,), ()]
    assert "primordial chaos" in talk.llm.asked[0].conversation.user


@pytest.mark.parametrize("name", ["fixed", "wait-k"])
@pytest.mark.parametrize("length", [1, 2, 3, 5])
async def test_no_chunk_ends_within_a_term(name: str, length: int) -> None:
    """Whatever the policy: it ends before the term or behind it, if that was heard by then."""
    term = Term("黄宇宙洪", "yellow universe")
    said = "日月盈昃辰宿日月天黄宇宙洪荒日黄宇宙洪黄宇宙洪月月月盈昃辰宿日月"
    config = changed(policy={"name": name, "fixed_ms": 200 * length, "k": length})
    counts = {}
    for terms in ((), (term,)):
        llm = FakeLLM(gate=asyncio.Event())
        spec = SessionSpec("zh", "en", terms, previews=False)
        async with session(llm=llm, config=config, spec=spec) as talk:
            await talk.say(quiet(0.7), spoken(said), quiet(1))
            assert llm.gate is not None
            llm.gate.set()  # all was heard when the second chunk is cut
            await talk.until(lambda: heard(talk) >= said.rindex(term.source) + 6)
            await talk.end()
        sources = [one.source for one in talk.of(ChunkFinal)]
        assert "".join(sources) == said
        counts[terms] = sum(source.count(term.source) for source in sources)
    assert counts[(term,)] == 3 > counts[()]


def heard(talk: Session) -> int:
    """Characters in chunks."""
    return sum(len(one.source) for one in talk.of(ChunkFinal))


async def test_the_scorer_hears_the_audio_of_the_chunk() -> None:
    """The encoder's states of its words and half a second around them: no others."""
    given: list[NDArray[np.float32]] = []

    class Ears:
        def score(self, states: NDArray[np.float32], keys: Sequence[Phones]) -> NDArray[np.float32]:
            given.append(states)
            return np.full(len(keys), 0.99, np.float32)

    # 洪荒 sounds like 红黄 but for the tones: left open by the text.
    spec = SessionSpec("zh", "en", (Term("宇宙红黄", "red and yellow"),), previews=False)
    async with session(spec=spec, scorer=Ears()) as talk:
        await talk.say(quiet(0.7), spoken("日月盈昃"), quiet(1.2), spoken("宇宙洪荒"), quiet(1))
        await talk.end()
    assert talk.of(ChunkFinal)[1].terms
    assert len(given) == 1
    heard = heard_in(np.repeat(given[0], 2, axis=0))
    assert "".join(VOICE[token] for token, _, _ in heard) == "宇宙洪荒"


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


@pytest.mark.parametrize("name", ["semantic", "pause"])
async def test_a_chunk_ends_when_the_silence_has_lasted_as_long_as_the_policy_asks(
    name: str,
) -> None:
    config = changed(policy={"name": name, "pause_ms": 1200, "max_lag_ms": 60_000})
    async with session(config=config) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(0.8), spoken("宇宙洪荒"), quiet(0.6))
        await asyncio.sleep(0.3)
        assert not talk.of(ChunkFinal), "0.8 s and 0.6 s are less"
        await talk.say(quiet(1.4))
        await talk.until(lambda: bool(talk.of(ChunkFinal)))
        (final,) = talk.of(ChunkFinal)
        assert final.source == "天地玄黄宇宙洪荒"
        silence_ms = (final.heard_ms or 0) - final.end_ms
        assert 1100 <= silence_ms <= 2100, "told by the silence, not by the next word"


@pytest.mark.parametrize("name", ["semantic", "fixed", "pause", "wait-k"])
async def test_every_policy_commits_every_word_once(name: str) -> None:
    config = changed(policy={"name": name, "fixed_ms": 1000, "k": 4})
    said = f"{sentence(12, 1)}     {sentence(8, 2)}"
    async with session(config=config) as talk:
        await talk.say(quiet(0.7), spoken(said), quiet(1))
        await talk.end()
    check_order(talk)
    assert "".join(final.source for final in talk.of(ChunkFinal)) == said.replace(" ", "")
