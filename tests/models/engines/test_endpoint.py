from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from pydantic import SecretStr

from models.config import LLMConfig
from models.engines.endpoint import EndpointLane, EndpointLLM
from models.engines.gate import Priority
from models.engines.llm import Conversation, PreemptedError, Turn
from models.errors import ConfigError, EngineError
from tests.models.engines.endpoint_server import Reply, Server, answer, event, served, stream, told
from tests.models.fakes_engines import Counts

MODELS = answer(200, {"data": [{"id": "interpreter"}, {"id": "other"}]})
PATIENCE_S = 20.0
TALK = Conversation("Interpret.", (Turn("天", "sky"),), "地")


@asynccontextmanager
async def endpoint(
    timeout_s: float = PATIENCE_S, parallel: int = 1, **replies: list[Reply]
) -> AsyncIterator[tuple[EndpointLLM, Server]]:
    async with served(**{"models": [MODELS], **replies}) as server:
        llm = EndpointLLM(
            LLMConfig(
                engine="endpoint",
                model="interpreter",
                url=server.url,
                api_key=SecretStr("s3cret"),
                timeout_s=timeout_s,
                parallel=parallel,
                queue=64,
            )
        )
        try:
            yield llm, server
        finally:
            await llm.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells of."""
    for _ in range(60_000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came true")


async def generate(
    lane: EndpointLane,
    priority: Priority = Priority.COMMIT,
    prefix: str = "",
    into: list[str] | None = None,
) -> list[str]:
    """All pieces; `into` holds those that have come so far."""
    found = [] if into is None else into
    stream = lane.generate(TALK, max_tokens=7, priority=priority, telemetry=Counts(), prefix=prefix)
    async with aclosing(stream) as pieces:
        async for piece in pieces:
            found.append(piece)
    return found


async def test_an_answer_is_streamed_piece_by_piece() -> None:
    more = asyncio.Event()
    reply = stream(": hello", event("ear"), more, event(""), event("th"), "data: [DONE]")
    async with endpoint(chat=[reply]) as (llm, server):
        await llm.start()
        pieces = llm.lane().generate(
            TALK, max_tokens=7, priority=Priority.COMMIT, telemetry=(counts := Counts())
        )
        async with aclosing(pieces):
            assert await anext(pieces) == "ear"
            assert not llm.idle
            more.set()
            assert [piece async for piece in pieces] == ["th"]
        assert llm.idle
        assert llm.fault is None
    (body,) = server.bodies("chat/completions")
    assert body["messages"] == [
        {"role": "system", "content": "Interpret."},
        {"role": "user", "content": "天"},
        {"role": "assistant", "content": "sky"},
        {"role": "user", "content": "地"},
    ]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("interpreter", 7, True)
    assert any("authorization: bearer s3cret" in head.lower() for head in server.headers)
    assert counts.stages == {"translate": 1}


async def test_what_is_out_is_continued() -> None:
    async with endpoint(chat=[told(" world")]) as (llm, server):
        assert await generate(llm.lane(), prefix="Hello") == [" world"]
    (body,) = server.bodies("chat/completions")
    assert body["messages"][-1] == {"role": "assistant", "content": "Hello"}
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False


FAULTS: dict[str, Reply] = {
    "status": answer(500, {"error": "out of memory"}),
    "overloaded": answer(429, {"error": "slow down"}),
    "in the stream": stream(event("ea"), 'data: {"error": {"message": "out of memory"}}'),
    "no JSON": stream(event("ea"), "data: {nonsense"),
    "no object": stream("data: 7"),
    "odd shape": stream('data: {"choices": [3]}'),
    "cut off": stream(event("ea"), whole=False),
    "no stream at all": answer(200, {"message": "welcome"}),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_an_engine_error_until_it_works_again(name: str) -> None:
    async with endpoint(chat=[FAULTS[name], told("earth")]) as (llm, server):
        lane = llm.lane()
        with pytest.raises(EngineError, match="language model at http") as caught:
            await generate(lane)
        assert llm.fault == str(caught.value)
        assert server.url in llm.fault
        assert llm.idle, "the place was given back"
        assert await generate(lane) == ["earth"]
        assert llm.fault is None


async def test_what_the_server_says_is_in_the_message() -> None:
    async with endpoint(chat=[FAULTS["status"]]) as (llm, _server):
        with pytest.raises(EngineError, match=r"HTTP 500.*out of memory"):
            await generate(llm.lane())


async def test_a_server_that_hangs_is_given_up() -> None:
    forever = asyncio.Event()
    hanging = [stream(forever), stream(event("ea"), forever), told("earth")]
    async with endpoint(timeout_s=0.3, chat=hanging) as (llm, _server):
        for _ in range(2):
            with pytest.raises(EngineError):
                await generate(llm.lane())
            assert llm.fault
        llm.client.timeout = PATIENCE_S  # a busy machine is slow, not broken
        assert await generate(llm.lane()) == ["earth"]
        assert llm.fault is None


async def test_a_server_that_only_keeps_the_connection_alive_is_given_up() -> None:
    alive = stream(event("ea"), *[": keep-alive"] * 10_000, pause=True)
    async with endpoint(timeout_s=0.3, chat=[alive]) as (llm, _server):
        with pytest.raises(EngineError):
            await generate(llm.lane())


async def test_a_server_that_is_gone_is_an_engine_error() -> None:
    async with endpoint(chat=[told("earth")]) as (llm, _server):
        pass
    llm = EndpointLLM(llm.config)
    try:
        with pytest.raises(EngineError):
            await generate(llm.lane())
        with pytest.raises(EngineError, match="no OpenAI-compatible server answers"):
            await llm.start()
    finally:
        await llm.close()


async def test_start_knows_the_model() -> None:
    for models in (MODELS, answer(200, {"data": []})):
        async with endpoint(models=[models]) as (llm, _server):
            await llm.start()
    other = answer(200, {"data": [{"id": "a"}, {"id": "b"}]})
    async with endpoint(models=[other]) as (llm, _server):
        with pytest.raises(EngineError, match=r"llm\.model to one of: a, b"):
            await llm.start()


@pytest.mark.parametrize(
    "models", [answer(404, {}), answer(200, b"<html>"), answer(200, []), answer(200, {"data": [1]})]
)
async def test_start_refuses_what_is_no_such_server(models: Reply) -> None:
    async with endpoint(models=[models]) as (llm, _server):
        with pytest.raises(EngineError, match="no OpenAI-compatible server answers"):
            await llm.start()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1"])
def test_a_url_is_needed(url: str) -> None:
    with pytest.raises(ConfigError, match=r"llm\.url"):
        EndpointLLM(LLMConfig(engine="endpoint", model="m", url=url))


async def test_only_so_many_requests_at_once() -> None:
    slow = stream(event("a"), event("b"), pause=True)
    async with endpoint(parallel=2, chat=[slow]) as (llm, server):
        answers = await asyncio.gather(*(generate(llm.lane()) for _ in range(9)))
        assert answers == [["a", "b"]] * 9
        assert server.most == 2
        assert llm.idle


async def test_a_closed_stream_gives_its_place_back() -> None:
    forever = asyncio.Event()
    async with endpoint(chat=[stream(event("ea"), forever), told("earth")]) as (llm, _server):
        pieces = llm.lane().generate(
            TALK, max_tokens=7, priority=Priority.COMMIT, telemetry=Counts()
        )
        async with aclosing(pieces):
            assert await anext(pieces) == "ea"
        assert llm.idle
        assert llm.fault is None
        assert await generate(llm.lane()) == ["earth"]


async def test_cancellation_gives_the_place_back() -> None:
    forever = asyncio.Event()
    async with endpoint(chat=[stream(forever), told("earth")]) as (llm, server):
        task = asyncio.create_task(generate(llm.lane()))
        await until(lambda: server.running == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert llm.idle
        assert await generate(llm.lane()) == ["earth"]


async def test_a_preview_makes_room_for_a_commit() -> None:
    more = asyncio.Event()
    replies = [stream(event("a"), more, event("b"), event("c")), told("earth")]
    async with endpoint(chat=replies) as (llm, _server):
        shown: list[str] = []
        preview = asyncio.create_task(generate(llm.lane(), Priority.PREVIEW, into=shown))
        # Its first piece is out: one that came later would make room before `waiting` is looked at.
        await until(lambda: shown == ["a"])
        assert not llm.idle
        commit = asyncio.create_task(generate(llm.lane()))
        await until(lambda: llm.gate.waiting == 1)
        more.set()
        with pytest.raises(PreemptedError):
            await preview
        assert await commit == ["earth"]
        assert llm.fault is None


LOGPROBS = {"，": math.log(0.5), "的": math.log(0.3), "。": math.log(0.25)}
JUDGED = answer(200, {"choices": [{"logprobs": {"top_logprobs": [LOGPROBS]}}]})


async def test_a_boundary_is_the_mass_of_marks() -> None:
    async with endpoint(completions=[JUDGED]) as (llm, server):
        counts = Counts()
        talk = Conversation("", (Turn("天\n(天 = sky)", "sky"),), "地\n(地 = earth)")
        assert await llm.lane().boundary(talk, "zh", counts) == pytest.approx(0.75)
        assert counts.stages == {"boundary": 1}
    (body,) = server.bodies("completions")
    assert body["prompt"] == "天地"
    assert body["max_tokens"] == 1


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
async def test_without_completions_there_are_no_boundaries(status: int) -> None:
    async with endpoint(completions=[answer(status, {})]) as (llm, server):
        counts = Counts()
        for _ in range(3):
            assert await llm.lane().boundary(TALK, "zh", counts) is None
        assert len(server.bodies("completions")) == 1, "it is not asked again"
        assert counts.counts["boundary_unsupported"] == 1
        assert llm.fault is None


@pytest.mark.parametrize(
    "reply",
    [answer(500, {}), answer(200, b"<html>"), answer(200, {"choices": []}), answer(200, [])],
)
async def test_a_boundary_that_fails_is_an_engine_error(reply: Reply) -> None:
    async with endpoint(completions=[reply, JUDGED]) as (llm, _server):
        with pytest.raises(EngineError):
            await llm.lane().boundary(TALK, "zh", Counts())
        assert llm.fault
        assert await llm.lane().boundary(TALK, "zh", Counts()) is not None
        assert llm.fault is None
