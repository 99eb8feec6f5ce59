"""From the offline run to a stream, with a scripted LLM and texts made to lose at one step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluation.losses import STEPS, ladder, recut
from evaluation.offline import Offline
from evaluation.saved import Saved
from models.config import ModelsConfig
from models.engines.llm import Conversation
from tests.evaluation.sessions import delta, final, log, recording
from tests.models.fakes_engines import FakeLLM

FIRST, SECOND = "The committee meets every Tuesday", "Nobody knows why the lights are red"
SOURCES = ("委员会每周二开会", "没人知道灯为什么是红的")
TALK = recording((0.0, 2.0, SOURCES[0], FIRST), (2.0, 4.0, SOURCES[1], SECOND))
OFFLINE = Offline("zh-made", SOURCES, (FIRST, SECOND), (FIRST, SECOND))


def knows(conversation: Conversation) -> str:
    known = dict(zip(SOURCES, (FIRST, SECOND), strict=True))
    return known.get(conversation.user, "Something else was heard here")


def stream(*chunks: tuple[str, str]) -> Saved:
    events = []
    for number, (source, text) in enumerate(chunks, 1):
        events += [
            (2.0 * number, delta(number, text)),
            (2.0 * number, final(number, source, text, 2000 * number)),
        ]
    return Saved(TALK, log(*events), OFFLINE)


async def lost(material: Saved) -> list[float]:
    steps = await ladder([material], FakeLLM(answer=knows), ModelsConfig())
    assert [step.name for step in steps] == list(STEPS)
    return [step.quality.chrf if step.quality else 0.0 for step in steps]


async def test_a_stream_like_the_offline_run_loses_nothing() -> None:
    scores = await lost(stream((SOURCES[0], FIRST), (SOURCES[1], SECOND)))
    assert scores == [100.0] * 5


async def test_what_the_chunks_cost_is_told_from_what_hearing_costs() -> None:
    chunked = await lost(stream((SOURCES[0][:3], "A wall"), ("".join(SOURCES)[3:], "of lamps")))
    assert chunked[:4] == [100.0] * 4, "the words were heard"
    assert chunked[4] < 50
    misheard = await lost(stream(("委员会每周山开会", FIRST), (SOURCES[1], SECOND)))
    assert misheard[:3] == [100.0] * 3
    assert misheard[3] < 90
    assert misheard[4] == 100.0


@given(st.lists(st.text(alphabet="委员会每周二开会A ", min_size=1, max_size=12), max_size=6))
def test_nothing_heard_is_lost_by_cutting(chunks: list[str]) -> None:
    heard = "".join(chunks)
    pieces = recut(TALK, heard)
    assert len(pieces) == 2
    assert "".join("".join(pieces).split()) == "".join(heard.split())


def test_words_are_cut_where_the_gold_segments_end() -> None:
    assert recut(TALK, "委员会每 周二开会没人知 AI 灯为什么是红的") == [
        "委员会每 周二开会",
        "没人知 AI 灯为什么是红的",
    ]
    english = recording((0, 1, "good morning", "早上好"), (1, 2, "let us go", "走吧"), source="en")
    assert recut(english, "good mourning let's us go") == ["good mourning", "let's us go"]
