"""The judge's client against endpoints that are slow, busy, wrong or dead."""

from __future__ import annotations

import asyncio
import socket

import pytest
from pydantic import SecretStr

from evaluation.vip.judge import (
    KEY_VARIABLE,
    Judge,
    JudgeConfig,
    JudgeError,
    RefusedError,
    open_judge,
)
from tests.evaluation.vip.judges import KEY, MODELS, asked, completion, config
from tests.models.engines.endpoint_server import Reply, answer, served

BUSY = answer(429, {"error": "slow down"})
HELLO = [{"role": "user", "content": "hello"}]


async def test_it_asks_at_temperature_0_with_the_key() -> None:
    async with (
        served(models=[MODELS], chat=[completion("fine")]) as server,
        open_judge(config(server.url, max_tokens=7)) as judge,
    ):
        assert await judge.ask(HELLO) == "fine"
    (body,) = asked(server)
    assert body == {"model": "judge", "messages": HELLO, "max_tokens": 7, "temperature": 0}
    assert all(f"authorization: bearer {KEY}" in head.lower() for head in server.headers)


def test_the_key_comes_from_the_environment() -> None:
    made = JudgeConfig.from_environment("http://x/v1", "judge", 2, {KEY_VARIABLE: "abc\n"})
    assert (made.api_key.get_secret_value(), made.parallel) == ("abc", 2)
    assert "abc" not in repr(made)
    with pytest.raises(JudgeError, match=rf"^{KEY_VARIABLE} holds a character") as raised:
        Judge(config("http://x/v1", api_key=SecretStr("geheimé")))
    assert "geheim" not in str(raised.value)
    assert not JudgeConfig.from_environment("http://x/v1", "judge", 2, {}).api_key


async def test_busy_then_well() -> None:
    async with (
        served(models=[BUSY, MODELS], chat=[BUSY, answer(502, b"<html>"), completion("fine")]) as s,
        open_judge(config(s.url)) as judge,
    ):
        assert await judge.ask(HELLO) == "fine"
    assert len(asked(s)) == 3


async def test_a_pause_that_is_asked_for_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with (
        served(models=[MODELS], chat=[busy, BUSY, BUSY, completion("fine")]) as server,
        open_judge(config(server.url, tries=4, backoff_s=2.0)) as judge,
    ):
        monkeypatch.setattr("evaluation.vip.judge.asyncio.sleep", sleep)
        assert await judge.ask(HELLO) == "fine"
        monkeypatch.undo()
    assert pauses == [7.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([answer(401, {"error": "who are you"})], rf"does not let us in.*{KEY_VARIABLE}"),
        ([answer(404, {"error": "no route"})], "HTTP 404.*ends in /v1"),
        ([answer(200, {"data": [{"id": "other"}]})], "no model 'judge'.*--judge-model.*other"),
        ([answer(200, b"<html>welcome</html>")], "no list of models.*OpenAI-compatible"),
        ([answer(200, {"models": []})], "no list of models"),
        ([answer(503, {"error": "loading"})], r"did not answer \(tries: 2\): HTTP 503"),
    ],
)
async def test_a_wrong_endpoint_is_told_at_once(replies: list[Reply], words: str) -> None:
    async with served(models=replies) as server:
        with pytest.raises(JudgeError, match=words) as raised:
            async with open_judge(config(server.url)):
                pytest.fail("it is no judge")
        assert server.url in str(raised.value)
        assert KEY not in str(raised.value)


async def test_a_server_without_names_is_taken_at_its_word() -> None:
    async with (
        served(models=[answer(200, {"data": []})]) as server,
        open_judge(config(server.url)) as judge,
    ):
        assert judge.name == "judge"


async def test_a_dead_endpoint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(JudgeError, match=rf"127.0.0.1:{port}/v1 did not answer"):
        async with open_judge(config(f"http://127.0.0.1:{port}/v1")):
            pytest.fail("nobody is there")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ws://x/v1", "http://host:port/v1", ""])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(JudgeError, match="URL"):
        Judge(config(url))


async def test_one_request_that_is_refused_is_not_tried_again() -> None:
    async with (
        served(models=[MODELS], chat=[answer(400, {"error": "content filter"})]) as server,
        open_judge(config(server.url)) as judge,
    ):
        with pytest.raises(RefusedError, match=r"HTTP 400.*content filter"):
            await judge.ask(HELLO)
    assert len(asked(server)) == 1


@pytest.mark.parametrize("body", [b"no json", {"error": "?"}, {"choices": []}, ["choices"]])
async def test_an_answer_of_another_shape(body: object) -> None:
    async with (
        served(models=[MODELS], chat=[answer(200, body)]) as server,
        open_judge(config(server.url)) as judge,
    ):
        with pytest.raises(JudgeError, match="no chat completion"):
            await judge.ask(HELLO)


async def test_a_model_that_says_nothing() -> None:
    async with (
        served(models=[MODELS], chat=[completion(None)]) as server,
        open_judge(config(server.url)) as judge,
    ):
        assert await judge.ask(HELLO) == ""


async def test_a_connection_that_breaks_is_tried_again() -> None:
    async def broken(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\nhalf")
        await writer.drain()

    async with (
        served(models=[MODELS], chat=[broken, completion("fine")]) as server,
        open_judge(config(server.url)) as judge,
    ):
        assert await judge.ask(HELLO) == "fine"


async def test_an_answer_that_only_trickles_is_given_up() -> None:
    over = asyncio.Event()

    async def trickling(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
        while not over.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with served(models=[MODELS], chat=[trickling]) as server:
        judge = Judge(config(server.url, timeout_s=0.1, tries=2))
        with pytest.raises(JudgeError, match=r"tries: 2\): no answer within 0.1 s"):
            await judge.ask(HELLO)
        over.set()
        await judge.close()
