from __future__ import annotations

from itertools import pairwise

import pytest

from models.engines.gate import Priority
from models.errors import EngineError
from models.events import (
    ChunkFinal,
    Failure,
    Notice,
    SessionSpec,
    TranslationPreview,
)
from tests.models.cascade_session import SPEC, changed, check_order, sentence, session
from tests.models.fakes_engines import (
    FakeLLM,
    in_english,
    quiet,
    spoken,
)


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
    config = changed(policy={"min_chars": 50, "pause_ms": 2000}, speaking={"preview_least": 4})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(0.6))
        await talk.until(lambda: any("gold" in p.text for p in talk.of(TranslationPreview)))
        shown = [preview.text for preview in talk.of(TranslationPreview)]
        await talk.end()
    assert len(shown) > len(talk.llm.asked_for(Priority.PREVIEW))
    assert all(new.startswith(old) for old, new in pairwise(shown))


async def test_the_last_word_of_a_preview_waits_until_its_end_is_known() -> None:
    llm = FakeLLM(size=1000)  # the whole answer at once, then that it is whole
    config = changed(
        policy={"min_chars": 50, "pause_ms": 2000},
        speaking={"preview_least": 4, "preview_interval_ms": 10_000_000},
    )
    async with session(llm=llm, config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄宇宙"), quiet(0.6))
        await talk.until(lambda: len(talk.of(TranslationPreview)) >= 2)
        await talk.end()
    (asked,) = talk.llm.asked_for(Priority.PREVIEW)
    words = in_english(asked.conversation.user).split()
    shown = [preview.text for preview in talk.of(TranslationPreview)]
    assert shown[:2] == [" ".join(words[:-1]), " ".join(words)]


async def test_a_preview_that_gave_way_shows_no_half_word() -> None:
    llm = FakeLLM(size=7, preempt=True)  # "sky ear", then another session's chunk is due
    config = changed(
        policy={"min_chars": 50, "pause_ms": 2000},
        speaking={"preview_least": 4, "preview_interval_ms": 10_000_000},
    )
    async with session(llm=llm, config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄"), quiet(0.6))
        await talk.until(lambda: bool(talk.of(TranslationPreview)))
        await talk.end()
    assert [preview.text for preview in talk.of(TranslationPreview)] == ["sky", ""]


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


@pytest.mark.parametrize(
    ("wait_ms", "after_s", "notices"),
    [
        pytest.param(100, 0.0, ["previews_paused"], id="readers wait in vain"),
        pytest.param(100, 1000.0, [], id="not yet for long"),
        pytest.param(10_000_000, 0.0, [], id="nobody has waited"),
    ],
)
async def test_when_models_are_saturated_previews_stop_and_it_says_so_once_if_readers_wait(
    wait_ms: int, after_s: float, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.previews._PAUSED_AFTER_S", after_s)
    monkeypatch.setattr("models.previews._SATURATED", -1.0)
    config = changed(speaking={"preview_load": 0.0, "preview_wait_ms": wait_ms})
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken(sentence(20)), quiet(1))
        await talk.end()
    check_order(talk)
    assert [notice.code for notice in talk.of(Notice)] == notices
    assert not talk.llm.asked_for(Priority.PREVIEW)


async def test_under_load_words_that_have_waited_get_a_glimpse() -> None:
    config = changed(
        speaking={
            "preview_load": 0.0,
            "preview_wait_ms": 1000,
            "preview_interval_ms": 10_000_000,
        },
        policy={"min_chars": 50, "pause_ms": 2000},
    )
    async with session(config=config, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken(sentence(12)), quiet(0.6))
        await talk.until(lambda: bool(talk.of(TranslationPreview)))
        await talk.end()
    check_order(talk)
    (asked,) = talk.llm.asked_for(Priority.PREVIEW)
    assert len(asked.conversation.user) >= 4, "not yet waited"
    shown = max((preview.text for preview in talk.of(TranslationPreview)), key=len)
    whole = in_english(asked.conversation.user)
    assert whole.startswith(shown)
    assert 0 < len(shown) < len(whole)


async def test_a_preview_that_fails_costs_nothing_but_itself() -> None:
    llm = FakeLLM(faults=[EngineError("busy")])
    async with session(llm=llm, spec=SessionSpec("zh", "en")) as talk:
        await talk.say(quiet(0.7), spoken("天地玄黄宇宙"), quiet(1))
        await talk.end()
    check_order(talk)
    assert talk.counts.counts["preview_failed"] == 1
    assert not talk.of(Failure)
    assert talk.of(ChunkFinal)[0].translation.startswith("sky earth")
