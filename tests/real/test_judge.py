"""The judge with a real model behind a real OpenAI-compatible server: the one llama.cpp opens.

The model is too small to judge: the 0.5B found none of six perfect translations valid, and two of
six unrelated texts. What it shows is that answers as real models write them are understood.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from evaluation.vip.answers import UNUSABLE
from evaluation.vip.judge import Judge, JudgeConfig, open_judge
from evaluation.vip.spoken import Spoken
from evaluation.vip.vip import vip
from tests.real.engines import REAL, Engines

pytestmark = REAL

SPEECH = (
    (
        "我们明天上午九点，在图书馆的门口见面。",
        "We will meet at nine tomorrow at the library's door.",
    ),
    (
        "这座桥长五千米，去年完工。",
        "This bridge is 5,000 metres long and was finished last year.",
    ),
    (
        "张医生说，这种药不能和酒一起吃。",
        "Doctor Zhang says: never take this medicine with alcohol.",
    ),
    ("如果下雨，比赛就推迟到星期天。", "If it rains, the match will be put off until Sunday."),
)
UNRELATED = (
    "I would like a cup of coffee, please.",
    "The cat sleeps on the sofa all day.",
    "My brother plays the violin in an orchestra.",
    "She forgot her umbrella on the train.",
)


@pytest_asyncio.fixture(loop_scope="session")
async def judge(engines: Engines) -> AsyncIterator[Judge]:
    """The small model, by HTTP."""
    url = engines.llm.address
    async with httpx.AsyncClient(trust_env=False) as client:
        (model,) = (await client.get(f"{url}/models")).json()["data"]
    config = JudgeConfig(url, model["id"], parallel=1, timeout_s=180.0, max_tokens=200)
    async with open_judge(config) as opened:
        yield opened


async def test_the_answers_of_a_real_model_are_understood(judge: Judge) -> None:
    texts = {
        name: [
            Spoken("zh", number, source, reference, output)
            for number, ((source, reference), output) in enumerate(
                zip(SPEECH, outputs, strict=True), 1
            )
        ]
        for name, outputs in (("perfect", [r for _, r in SPEECH]), ("unrelated", UNRELATED))
    }
    found = await vip(texts, judge)
    perfect, unrelated = found.scores["perfect"], found.scores["unrelated"]
    for verdict in (v for segment in found.segments for v in segment.verdicts):
        assert verdict.answers
        assert (verdict.checks is None) == (verdict.note == UNUSABLE)
    assert perfect.fragments == unrelated.fragments == len(SPEECH)
    assert perfect.unjudged + unrelated.unjudged <= 2
