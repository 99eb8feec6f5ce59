"""Engines that fail mid-session: one retry, then an error to that client; the server stays up."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.real.engines import REAL, Engines, faulty, recording
from tests.real.serving import english, finish, pcm, say, serving
from tests.server.live import Event, Live, Talk

pytestmark = REAL

SPEECH = pcm(recording("zh-short"))

# what fails: the part of the engine, its method, the error its client gets, what /readyz names
RECOGNISER = ("recogniser", "_model", "generate", "recogniser_failed", "recogniser")
LLM = ("llm", "_server", "handle_completions", "translation_failed", "language model")


async def readiness(server: Live) -> tuple[int, str]:
    """The status and the reason that /readyz gives; the server lives in any case."""
    assert (await server.get("/healthz")).status_code == 200
    answer = await server.get("/readyz")
    return answer.status_code, answer.json().get("reason", "")


async def said(talk: Talk, marker: str) -> list[Event]:
    """Say the sentence once more; the events that come of it."""
    before = len(talk.events)
    await say(talk, SPEECH)
    await talk.send({"type": "flush", "marker": marker})
    await talk.until("flushed", marker=marker)
    return talk.events[before:]


@pytest.mark.parametrize("engine", [RECOGNISER, LLM])
async def test_one_failure_is_retried_and_nobody_notices(engines: Engines, engine: Any) -> None:
    name, part, method, *_ = engine
    async with serving(engines) as server:
        with faulty(getattr(engines, name), part, method) as fault:
            async with server.started() as talk:
                fault.failures = 1
                events = await said(talk, "1")
                assert fault.raised == 1
                await finish(talk)
        assert talk.of("error") == []
        assert "library" in english(events)
        assert await readiness(server) == (200, "")


@pytest.mark.parametrize("engine", [RECOGNISER, LLM])
async def test_lasting_failure_is_told_and_ends_when_the_engine_is_back(
    engines: Engines, engine: Any
) -> None:
    name, part, method, code, words = engine
    async with serving(engines) as server:
        with faulty(getattr(engines, name), part, method) as fault:
            async with server.started() as talk:
                fault.failures = math.inf
                events = await said(talk, "broken")
                errors = [event for event in events if event["type"] == "error"]
                assert code in {error["code"] for error in errors}
                assert all("the device is lost" in error["message"] for error in errors)
                assert not any(error["fatal"] for error in errors)
                assert english(events).strip() == ""
                status, reason = await readiness(server)
                assert status == 503
                assert words in reason
                assert "the device is lost" in reason

                fault.failures = 0
                events = await said(talk, "well")
                assert "library" in english(events)
                assert not any(event["type"] == "error" for event in events)
                assert await readiness(server) == (200, "")
                await finish(talk)
        await server.empty()
