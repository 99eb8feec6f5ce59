from __future__ import annotations

import itertools
from contextlib import aclosing

import pytest

from models.config import ModelsConfig, RecallConfig, SpeakingConfig
from models.engines.gate import Priority
from models.engines.llm import Conversation, Turn
from models.errors import EngineBusyError, EngineError
from models.events import SessionSpec, Term
from models.speaking.translator import Translator
from tests.models.fakes_engines import Counts, FakeLLM, in_english

CONFIG = ModelsConfig(
    recall=RecallConfig(most=2), speaking=SpeakingConfig(memory_tokens=500, max_ratio=10)
)


class Voice:
    """A translator, its fake LLM and its counts."""

    def __init__(
        self,
        llm: FakeLLM | None = None,
        spec: SessionSpec | None = None,
        config: ModelsConfig = CONFIG,
    ) -> None:
        self.llm = llm or FakeLLM()
        self.counts = Counts()
        spec = spec or SessionSpec("zh", "en")
        self.translator = Translator(self.llm.lane(), spec, config, self.counts)

    async def say(self, text: str, language: str = "zh") -> list[str]:
        return [piece async for piece in self.translator.translate(text, language)]

    async def preview(self, text: str, pieces: int = 10_000, language: str = "zh") -> list[str]:
        seen: list[str] = []
        async with aclosing(self.translator.preview(text, language)) as stream:
            async for shown in stream:
                seen.append(shown)
                if len(seen) == pieces:
                    break
        return seen


async def test_a_chunk_is_streamed_and_remembered() -> None:
    voice = Voice()
    pieces = await voice.say("天地玄黄")
    assert "".join(pieces) == "sky earth dark gold"
    assert len(pieces) > 3
    await voice.say("宇宙")
    asked = voice.llm.asked[1].conversation
    assert asked.turns == (Turn("天地玄黄", "sky earth dark gold"),)
    assert asked.user == "宇宙"
    assert all(one.priority is Priority.COMMIT for one in voice.llm.asked)


@pytest.mark.parametrize("text", ["嗯", "呃，那个", "，。", ""])
async def test_fillers_are_not_translated(text: str) -> None:
    voice = Voice()
    assert await voice.say(text) == []
    assert voice.llm.asked == []


async def test_fillers_are_left_out_of_the_prompt() -> None:
    voice = Voice()
    await voice.say("嗯，天地呃玄黄")
    assert voice.llm.asked[0].conversation.user == "天地玄黄"


async def test_what_is_said_in_the_listeners_language_passes() -> None:
    voice = Voice()
    assert await voice.say("Hello there.", "en") == ["Hello there."]
    assert voice.llm.asked == []


async def test_the_output_is_limited_by_the_input() -> None:
    voice = Voice()
    await voice.say("天地")
    await voice.say("天地玄黄宇宙洪荒" * 5)
    short, long = (asked.max_tokens for asked in voice.llm.asked)
    assert 0 < short < long <= 11 * 40


async def test_after_a_guard_trips_it_tries_without_memory() -> None:
    def answer(conversation: Conversation) -> str:
        return "sky 地 nonsense" if conversation.turns else in_english(conversation.user)

    voice = Voice(FakeLLM(answer=answer))
    await voice.say("宇宙")
    assert "".join(await voice.say("天地")) == "sky earth"
    assert voice.counts.counts["guard_source_language"] == 1
    first, second = voice.llm.asked[1:]
    assert first.conversation.turns
    assert second.conversation.turns == ()
    assert second.prefix == "sky", "what is out is continued, not said again"
    await voice.say("日月")
    assert voice.llm.asked[3].conversation.turns[-1] == Turn("天地", "sky earth")


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_output_that_stays_bad_is_not_remembered(size: int) -> None:
    bad = True

    def answer(conversation: Conversation) -> str:
        return "sky 地" if bad else in_english(conversation.user)

    voice = Voice(FakeLLM(answer=answer, size=size))
    assert "".join(await voice.say("天地")) == "sky"
    assert len(voice.llm.asked) == 2
    bad = False
    await voice.say("日月")
    assert voice.llm.asked[-1].conversation.turns == ()


async def test_a_loop_ends_the_chunk_and_is_not_remembered() -> None:
    voice = Voice(FakeLLM(answer=lambda _c: "we go " * 30))
    out = "".join(await voice.say("天地"))
    assert 0 < out.count("we go") <= 5
    assert len(voice.llm.asked) == 1
    assert voice.counts.counts["guard_loop"] == 1
    await voice.say("日月")
    assert voice.llm.asked[-1].conversation.turns == ()


async def test_refusals_are_never_heard() -> None:
    voice = Voice(FakeLLM(answer=lambda _c: "I'm sorry, but I can't assist with that."))
    assert await voice.say("天地") == []
    assert voice.counts.counts["guard_refusal"] == 2


async def test_chatter_is_not_remembered() -> None:
    voice = Voice(FakeLLM(answer=lambda _c: "Sure, here is the translation: sky\nNote: x"))
    assert "".join(await voice.say("天")) == "sky"
    await voice.say("天地")
    assert voice.llm.asked[-1].conversation.turns == (Turn("天", "sky"),)
    assert voice.counts.counts["guard_chatter"] >= 1
    assert voice.llm.generating == 0, "the generation was stopped"


async def test_an_engine_that_fails_once_is_asked_again() -> None:
    voice = Voice(FakeLLM(faults=[EngineError("x")], fault_after=2))
    assert "".join(await voice.say("天地玄黄")) == "sky earth dark gold"
    assert voice.llm.asked[1].prefix
    assert voice.counts.counts["retry"] == 1


async def test_an_engine_that_fails_twice_is_reported_and_nothing_is_remembered() -> None:
    voice = Voice(FakeLLM(faults=[EngineError("one"), EngineError("two")], fault_after=2))
    pieces: list[str] = []

    async def listen() -> None:
        async for piece in voice.translator.translate("天地玄黄", "zh"):
            pieces.append(piece)

    with pytest.raises(EngineError, match="two"):
        await listen()
    assert "sky earth dark gold".startswith("".join(pieces))
    assert "".join(await voice.say("宇宙")) == "space time"
    assert voice.llm.asked[-1].conversation.turns == ()


async def test_a_full_queue_is_not_asked_twice() -> None:
    voice = Voice(FakeLLM(faults=[EngineBusyError("full")]))
    with pytest.raises(EngineBusyError):
        await voice.say("天地")
    assert len(voice.llm.asked) == 1


async def test_a_closed_stream_stops_the_generation() -> None:
    voice = Voice()
    async with aclosing(voice.translator.translate("天地玄黄", "zh")) as stream:
        async for _piece in stream:
            break
    assert voice.llm.generating == 0
    await voice.say("宇宙")
    assert voice.llm.asked[-1].conversation.turns == ()


async def test_a_preview_grows_and_is_no_memory() -> None:
    voice = Voice()
    seen = await voice.preview("天地玄黄")
    assert seen[-1] == "sky earth dark gold"
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    assert voice.llm.asked[0].priority is Priority.PREVIEW
    await voice.say("宇宙")
    assert voice.llm.asked[-1].conversation.turns == ()


async def test_a_whole_preview_of_the_same_text_is_the_translation() -> None:
    voice = Voice()
    await voice.preview("天地玄黄")
    assert await voice.say("天地玄黄。") == ["sky earth dark gold"]
    assert len(voice.llm.asked) == 1
    assert voice.counts.counts["preview_reused"] == 1
    await voice.say("宇宙")
    assert voice.llm.asked[-1].conversation.turns == (Turn("天地玄黄。", "sky earth dark gold"),)


async def test_a_preview_is_used_once_and_only_for_its_text() -> None:
    voice = Voice()
    await voice.preview("天地")
    await voice.say("日月")
    await voice.say("天地")
    assert len(voice.llm.asked_for(Priority.COMMIT)) == 2


@pytest.mark.parametrize("how", ["interrupted", "preempted"])
async def test_half_a_preview_is_no_translation(how: str) -> None:
    voice = Voice()
    voice.llm.preempt = how == "preempted"
    seen = await voice.preview("天地玄黄", pieces=1 if how == "interrupted" else 1000)
    assert seen
    assert "".join(await voice.say("天地玄黄")) == "sky earth dark gold"
    assert len(voice.llm.asked_for(Priority.COMMIT)) == 1


async def test_the_next_preview_keeps_the_beginning() -> None:
    voice = Voice()
    await voice.preview("天地玄黄宇")
    await voice.preview("天地玄黄宇宙洪")
    kept = voice.llm.asked[1].prefix
    assert kept
    assert "sky earth dark gold space".startswith(kept)
    assert await voice.preview("天地玄黄宇宙洪") == [], "nothing changed: nothing to do"
    await voice.preview("日月")
    assert voice.llm.asked[-1].prefix == ""


@pytest.mark.parametrize("pieces", [1, 8, 10_000])
async def test_a_chunk_goes_on_from_what_was_previewed_of_it(pieces: int) -> None:
    voice = Voice()
    shown = (await voice.preview("天地玄黄宇", pieces=pieces))[-1]
    said = await voice.say("天地玄黄宇宙洪荒")
    assert "".join(said) == in_english("天地玄黄宇宙洪荒")
    (asked,) = voice.llm.asked_for(Priority.COMMIT)
    head = " ".join(shown.split(" ")[:-2])
    assert asked.prefix == head
    assert said[0] == head or not head
    assert voice.counts.counts.get("preview_continued", 0) == bool(head)
    await voice.say("日月")
    (turn,) = voice.llm.asked[-1].conversation.turns
    assert turn.assistant == in_english("天地玄黄宇宙洪荒")


async def test_what_two_previews_began_with_stays_however_little_the_second_added() -> None:
    voice = Voice()
    await voice.preview("天地玄黄宇")
    await voice.preview("天地玄黄宇宙洪", pieces=1)
    assert (await voice.say("天地玄黄宇宙洪荒"))[0] == "sky earth dark"


async def test_a_preview_of_something_else_is_not_gone_on_from() -> None:
    voice = Voice()
    await voice.preview("天地玄黄宇")
    await voice.say("天地洪荒日月盈昃")
    assert voice.llm.asked[-1].prefix == "", "it was heard otherwise since"
    await voice.preview("天地玄黄宇")
    await voice.say("天地")
    assert voice.llm.asked[-1].prefix == "", "it is longer than the chunk"


async def test_a_preview_is_not_gone_on_from_where_a_term_has_to_come() -> None:
    voice = Voice(spec=SessionSpec("zh", "en", (Term("宇宙", "cosmos"),)))
    await voice.preview("天地玄黄宇")
    assert "cosmos" in "".join(await voice.say("天地玄黄宇宙洪荒"))
    assert voice.llm.asked_for(Priority.COMMIT)[0].prefix == ""


async def test_going_on_from_previews_can_be_turned_off() -> None:
    speaking = CONFIG.speaking.model_copy(update={"continue_previews": False})
    voice = Voice(config=CONFIG.model_copy(update={"speaking": speaking}))
    await voice.preview("天地玄黄宇")
    await voice.preview("天地玄黄宇宙洪")
    await voice.say("天地玄黄宇宙洪荒")
    assert [asked.prefix for asked in voice.llm.asked] == ["", "", ""]


async def test_a_failure_after_what_was_previewed_takes_nothing_back() -> None:
    voice = Voice()
    await voice.preview("天地玄黄宇")
    voice.llm.faults = [EngineError("x")]
    voice.llm.fault_after = 3
    said = await voice.say("天地玄黄宇宙洪荒")
    assert "".join(said) == in_english("天地玄黄宇宙洪荒")
    assert said[0] == "sky earth dark"


async def test_into_chinese_a_chunk_goes_on_from_its_preview_too() -> None:
    text = "今天我们来谈谈人工智能的未来"
    llm = FakeLLM(answer=lambda asked: text[: 2 * len(asked.user.split())])
    voice = Voice(llm, SessionSpec("en", "zh"))
    await voice.preview("today we are going to talk", language="en")
    said = await voice.say("today we are going to talk about", "en")
    assert said[0] == text[:8]
    assert "".join(said) == text


async def test_a_preview_that_goes_wrong_ends() -> None:
    voice = Voice(FakeLLM(answer=lambda _c: "sky 地地"))
    assert (await voice.preview("天地"))[-1] == "sky"
    voice.llm.faults = [EngineError("x")]
    with pytest.raises(EngineError):
        await voice.preview("宇宙")


async def test_fillers_have_no_preview() -> None:
    voice = Voice()
    assert await voice.preview("嗯，那个") == []
    assert voice.llm.asked == []


async def test_a_boundary_is_asked_with_the_translations_prompt() -> None:
    voice = Voice(FakeLLM(boundary=lambda _text: 0.7))
    await voice.say("宇宙")
    assert await voice.translator.boundary("天地，", "zh") == 0.7
    asked = voice.llm.boundaries[0]
    await voice.say("天地玄黄")
    said = voice.llm.asked[-1].conversation
    assert (asked.system, asked.turns) == (said.system, said.turns)
    assert said.user.startswith(asked.user)
    assert asked.user == "天地"


async def test_closing_gives_the_lane_back_once() -> None:
    voice = Voice()
    voice.translator.close()
    voice.translator.close()
    assert voice.llm.lanes == 0
