"""Engines that fail mid-session: one retry, then an error to that client; the server stays up."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from tests.real.engines import REAL, Engines, Faulty, faulty, recording
from tests.real.serving import english, finish, pcm, say, serving
from tests.server.live import Event, Live, Talk, eventually

pytestmark = REAL

SPEECH = pcm(recording("zh-short"))


@dataclass(frozen=True)
class Fault:
    """What breaks: `method` of a `part` of an engine; what its client and /readyz are told."""

    engine: str
    part: str
    method: str
    error: type[Exception]
    code: str
    words: str


ENCODER = Fault("recogniser", "_model", "encode", RuntimeError, "recogniser_failed", "recogniser")
# onnxruntime's errors share no base but Exception with anybody's.
DECODER = Fault("recogniser", "_decoder", "decode", Fail, "recogniser_failed", "recogniser")
LLM = Fault(
    "llm", "_server", "handle_completions", RuntimeError, "translation_failed", "language model"
)
FAULTS = pytest.mark.parametrize(
    "broken", [ENCODER, DECODER, LLM], ids=["encoder", "decoder", "llm"]
)


async def readiness(server: Live) -> tuple[int, str]:
    """The status and the reason that /readyz gives; the server lives in any case."""
    assert (await server.get("/healthz")).status_code == 200
    answer = await server.get("/readyz")
    return answer.status_code, answer.json().get("reason", "")


def _fault(engines: Engines, broken: Fault) -> AbstractContextManager[Faulty]:
    return faulty(getattr(engines, broken.engine), broken.part, broken.method, broken.error)


async def said(talk: Talk, marker: str) -> list[Event]:
    """Say the sentence once more; the events that come of it."""
    before = len(talk.events)
    await say(talk, SPEECH)
    await talk.send({"type": "flush", "marker": marker})
    await talk.until("flushed", marker=marker)
    return talk.events[before:]


@FAULTS
async def test_one_failure_is_retried_and_nobody_notices(engines: Engines, broken: Fault) -> None:
    async with serving(engines) as server:
        with _fault(engines, broken) as fault:
            async with server.started() as talk:
                fault.failures = 1
                events = await said(talk, "1")
                assert fault.raised == 1
                await finish(talk)
        assert talk.of("error") == []
        assert "library" in english(events)
        assert await readiness(server) == (200, "")


@FAULTS
async def test_lasting_failure_is_told_and_ends_when_the_engine_is_back(
    engines: Engines, broken: Fault
) -> None:
    async with serving(engines) as server:
        with _fault(engines, broken) as fault:
            async with server.started() as talk:
                fault.failures = math.inf
                events = await said(talk, "broken")
                errors = [event for event in events if event["type"] == "error"]
                assert broken.code in {error["code"] for error in errors}
                assert all("the device is lost" in error["message"] for error in errors)
                assert not any(error["fatal"] for error in errors)
                assert english(events).strip() == ""
                status, reason = await readiness(server)
                assert status == 503
                assert broken.words in reason
                assert "the device is lost" in reason

                fault.failures = 0
                events = await said(talk, "well")
                assert "library" in english(events)
                assert not any(event["type"] == "error" for event in events)
                assert await readiness(server) == (200, "")
                await finish(talk)
        await server.empty()


@FAULTS
async def test_an_engine_that_is_back_is_found_out_without_a_session(
    engines: Engines, broken: Fault
) -> None:
    async with serving(engines) as server:
        with _fault(engines, broken) as fault:
            async with server.started() as talk:
                fault.failures = math.inf
                await said(talk, "broken")
            await server.empty()
            assert (await readiness(server))[0] == 503
            raised = fault.raised
            await eventually(lambda: fault.raised > raised)  # a check, which fails too
            assert (await readiness(server))[0] == 503
            fault.failures = 0
            await eventually(lambda: not server.hub.unready())
        assert await readiness(server) == (200, "")
        assert server.metric("tongchuan_self_checks_total", result="passed") == 1
        assert server.metric("tongchuan_self_checks_total", result="failed") >= 1
