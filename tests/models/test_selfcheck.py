from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from models.config import LLMConfig, profile_config
from models.engines.endpoint import EndpointLLM
from models.engines.whisper import Hypothesis
from models.errors import EngineError
from models.factory import CascadeBackend
from tests.models.engines.endpoint_server import Server, answer, served, told
from tests.models.fakes_engines import FakeWhisper, ears


class Ailing(FakeWhisper):
    """Keeps its `fault` as the real one does."""

    async def hear(self, *args: Any, **options: Any) -> Hypothesis:
        try:
            found = await super().hear(*args, **options)
        except EngineError as error:
            self.fault = f"recogniser: {error}"
            raise
        self.fault = None
        return found


@asynccontextmanager
async def broken(**replies: Any) -> AsyncIterator[tuple[CascadeBackend, Ailing, Server]]:
    """A backend, not started, that is just its two engines."""
    async with served(**replies) as server:
        backend = CascadeBackend(profile_config("embedded"))
        whisper = Ailing()
        llm = EndpointLLM(LLMConfig(engine="endpoint", model="m", url=server.url))
        backend._recogniser, backend._llm = ears(whisper), llm
        try:
            yield backend, whisper, server
        finally:
            await backend.close()


async def test_each_engine_at_fault_is_asked_until_it_works() -> None:
    gone = answer(500, {"error": "out of memory"})
    async with broken(chat=[gone, told("Hello")]) as (backend, whisper, server):
        assert backend._llm is not None
        whisper.fault, backend._llm.fault = "recogniser: lost", "language model: lost"
        whisper.faults = [EngineError("the device is lost")]
        await backend.check()
        recogniser, llm = backend.faults()
        assert "the device is lost" in recogniser
        assert "out of memory" in llm
        await backend.check()
        assert backend.faults() == ()
        assert whisper.calls == 2
        assert whisper.misfits != [], "a word was forced, so that alignment is tried too"
        assert [body["max_tokens"] for body in server.bodies("chat/completions")] == [1, 1]
        assert backend._llm.idle


async def test_an_engine_that_works_is_left_alone() -> None:
    async with broken(chat=[told("Hello")]) as (backend, whisper, server):
        await backend.check()
        assert whisper.calls == 0
        assert server.requests == []


async def test_before_the_start_there_is_nothing_to_check() -> None:
    backend = CascadeBackend(profile_config("embedded"))
    await backend.check()
    assert backend.faults() == ()


async def test_a_fault_of_another_kind_is_told() -> None:
    async with broken(chat=[told("Hello")]) as (backend, whisper, _server):
        whisper.fault, whisper.faults = "recogniser: lost", [MemoryError("no room")]
        with pytest.raises(MemoryError):
            await backend.check()
