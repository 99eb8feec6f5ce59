"""Engines are loaded once; an endpoint is asked by real sockets while the clock stands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluation import inputs, virtual
from evaluation.charge import Free
from evaluation.emissions import translation
from evaluation.engines import open_engines
from evaluation.systems import System
from models.config import ModelsConfig, profile_config
from models.errors import EngineError
from tests.models.engines.endpoint_server import Server, answer, served, told
from tests.models.fakes_engines import VOICE, FakeWhisper, ears
from tongchuan.events import ChunkFinal

SHORT = inputs.load(Path(__file__).resolve().parent.parent / "data", "zh-short").recordings[0]


@contextmanager
def elsewhere() -> Iterator[Server]:
    """An endpoint in a thread of its own."""
    ready = threading.Event()
    found: list[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        models = [answer(200, {"data": [{"id": "m"}]})]
        completions = [answer(404, {})]
        async with served(models=models, chat=[told("Hel", "lo.")], completions=completions) as one:
            over = asyncio.Event()
            found.append((one, asyncio.get_running_loop(), over))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert ready.wait(10)
    server, loop, over = found[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


def endpoint(url: str) -> ModelsConfig:
    llm: dict[str, object] = {"engine": "endpoint", "url": url, "model": "m"}
    return profile_config("embedded", {"llm": llm})


@pytest.fixture
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.engines.load_recogniser", lambda _config: ears(Says()))


class Says(FakeWhisper):
    """Hears the same two syllables in any window."""

    def _tokens(self, frames: object) -> list[tuple[int, float]]:
        return [(VOICE.index("天"), 0.2), (VOICE.index("地"), 0.4)]


@pytest.mark.usefixtures("_no_weights")
def test_an_endpoint_is_asked_in_one_loop_after_another() -> None:
    with elsewhere() as server:
        config = endpoint(server.url)
        with open_engines(config) as engines:
            logs = [
                virtual.replay(SHORT, engines, System("cascade", config), charge=Free())[0]
                for _ in range(2)
            ]
    for log in logs:
        assert translation(log, "en").startswith("Hello.")
        assert any(isinstance(item.event, ChunkFinal) for item in log.received)
    assert logs[0] == logs[1]


@pytest.mark.usefixtures("_no_weights")
def test_an_endpoint_that_is_not_there_is_told_at_once() -> None:
    with (
        pytest.raises(EngineError, match="no OpenAI-compatible server answers"),
        open_engines(endpoint("http://127.0.0.1:9/v1")),
    ):
        pass
