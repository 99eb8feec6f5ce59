"""The endpoint's client against a real OpenAI-compatible server: the one llama.cpp opens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from models.config import LLMConfig, ModelsConfig
from models.engines.endpoint import EndpointLLM
from models.engines.gate import Priority
from models.engines.llm import Conversation, Turn
from models.events import SessionSpec
from models.interpreter import NoTelemetry
from models.speaking.prompt import system_prompt
from models.speaking.translator import Translator
from tests.real.engines import REAL, Engines

pytestmark = REAL

SENTENCE = "我们明天上午九点在图书馆的门口见面。"


@pytest_asyncio.fixture(loop_scope="session")
async def llm(engines: Engines) -> AsyncIterator[EndpointLLM]:
    """A client of the small model, by HTTP."""
    url = engines.llm.address
    async with httpx.AsyncClient(trust_env=False) as client:
        (model,) = (await client.get(f"{url}/models")).json()["data"]
    endpoint = EndpointLLM(
        LLMConfig(engine="endpoint", url=url, model=model["id"], timeout_s=180.0)
    )
    await endpoint.start()
    yield endpoint
    await endpoint.close()


def conversation(text: str) -> Conversation:
    return Conversation(system_prompt("zh", "en", ""), (Turn("你好。", "Hello."),), text)


async def generated(llm: EndpointLLM, text: str, prefix: str = "") -> str:
    pieces = llm.lane().generate(
        conversation(text),
        max_tokens=40,
        priority=Priority.COMMIT,
        telemetry=NoTelemetry(),
        prefix=prefix,
    )
    return "".join([piece async for piece in pieces])


async def test_a_chunk_is_translated(llm: EndpointLLM) -> None:
    translator = Translator(llm.lane(), SessionSpec("zh", "en"), ModelsConfig(), NoTelemetry())
    text = "".join([piece async for piece in translator.translate(SENTENCE, "zh")])
    assert "library" in text.lower()
    assert llm.fault is None


async def test_an_answer_is_continued_and_its_beginning_not_repeated(llm: EndpointLLM) -> None:
    whole = await generated(llm, SENTENCE)
    words = whole.split(" ")
    prefix = " ".join(words[: len(words) // 2])
    rest = await generated(llm, SENTENCE, prefix)
    assert rest.strip()
    assert not rest.strip().lower().startswith(prefix.lower())
    assert "library" in (prefix + rest).lower()
    assert len(prefix + rest) <= 2 * len(whole)


async def test_a_sentence_s_end_is_told_from_the_middle_of_a_word(llm: EndpointLLM) -> None:
    lane = llm.lane()
    ended = await lane.boundary(conversation(SENTENCE.rstrip("。")), "zh", NoTelemetry())
    cut = await lane.boundary(conversation("我们明天上午九点在图"), "zh", NoTelemetry())
    assert ended is not None
    assert cut is not None
    assert ended >= 0.3
    assert cut <= 0.1
