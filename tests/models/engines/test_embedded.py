"""The embedded LLM over a llama.cpp that does as it is told; real weights are in tests/real."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.config import LLMConfig
from models.engines import embedded
from models.engines.embedded import EmbeddedLLM
from models.engines.gate import Priority
from models.engines.llm import Conversation, PreemptedError
from models.engines.template import ChatTemplate
from models.errors import EngineError
from tests.models.fakes_engines import Counts

TALK = Conversation("Interpret.", (), "天")
PATIENCE_S = 20.0
HUNG = Path(__file__).with_name("hung_llm.py")

READING = object()
Callback = Callable[[Any], bool]


def piece(text: str) -> dict[str, Any]:
    return {"choices": [{"text": text}]}


def read(tokens: int) -> dict[str, Any]:
    """A part of the prompt was read."""
    return {"choices": [{"text": ""}], "prompt_progress": {"processed": tokens}}


@dataclass
class Llama:
    """Answers with `results`; an Event among them is waited for, and READING goes on until the
    reader is not interested any more. stopped: how often that happened."""

    results: list[Any]
    requests: list[dict[str, Any]] = field(default_factory=list)
    stopped: int = 0

    def handle_completions(self, request: dict[str, Any], callback: Callback) -> None:
        self.requests.append(request)
        for result in self.results:
            if isinstance(result, threading.Event):
                assert result.wait(PATIENCE_S)
            elif isinstance(result, Exception):
                raise result
            elif result is READING:
                while not callback(read(128)):
                    time.sleep(0.01)
                self.stopped += 1
                return
            elif callback(result):
                return


def over(llama: Llama, timeout_s: float = PATIENCE_S) -> EmbeddedLLM:
    llm = EmbeddedLLM(Path("model.gguf"), LLMConfig(timeout_s=timeout_s))
    llm._server, llm._template = llama, ChatTemplate("<", "|", "|", "|")
    llm._silence_s = timeout_s
    return llm


async def generate(llm: EmbeddedLLM, priority: Priority = Priority.COMMIT) -> list[str]:
    lane = llm.lane()
    stream = lane.generate(TALK, max_tokens=9, priority=priority, telemetry=Counts())
    try:
        async with aclosing(stream) as pieces:
            return [text async for text in pieces]
    finally:
        lane.close()


async def test_an_answer_and_nothing_of_the_reading_before_it() -> None:
    llama = Llama([read(0), read(128), piece("earth"), piece(""), piece(" sky")])
    llm = over(llama)
    assert await generate(llm) == ["earth", " sky"]
    assert llm.fault is None
    assert llama.requests[0]["prompt"] == "<Interpret.|天|"


async def test_a_long_prompt_is_given_up_between_two_batches() -> None:
    llama = Llama([READING])
    llm = over(llama)
    preview = asyncio.create_task(generate(llm, Priority.PREVIEW))
    async with asyncio.timeout(PATIENCE_S):
        while not llama.requests:  # noqa: ASYNC110 - no event tells of a thread's work
            await asyncio.sleep(0.01)
        llama.results = [piece("earth")]  # which the preview's request does not look at any more
        assert await generate(llm) == ["earth"]
        with pytest.raises(PreemptedError):
            await preview
    assert llama.stopped == 1


@pytest.mark.parametrize(
    "results",
    [[RuntimeError("the device is lost")], [{"error": {"message": "the device is lost"}}]],
)
async def test_a_fault_is_kept_until_it_works_again(results: list[Any]) -> None:
    llm = over(Llama(results))
    with pytest.raises(EngineError, match="the device is lost"):
        await generate(llm)
    assert "the device is lost" in (llm.fault or "")
    assert llm.idle
    llm._server = Llama([piece("earth")])
    assert await generate(llm) == ["earth"]
    assert llm.fault is None


async def test_one_that_hangs_is_given_up_and_takes_no_more_threads_than_agreed() -> None:
    gate = threading.Event()
    llm = over(Llama([gate, piece("earth")]), timeout_s=0.05)
    for _ in range(2):
        with pytest.raises(EngineError, match="silent"):
            await generate(llm)
        assert llm.idle
    for _ in range(3):
        with pytest.raises(EngineError, match="has not come back from 2 requests"):
            await generate(llm)
    assert llm.fault
    gate.set()
    await llm._threads.settle(PATIENCE_S)
    llm._silence_s = PATIENCE_S  # a busy machine is slow, not broken
    assert await generate(llm) == ["earth"]
    assert llm.fault is None


async def test_closing_waits_for_what_is_about_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    llm = over(Llama([gate]), timeout_s=0.05)
    with pytest.raises(EngineError):
        await generate(llm)
    asyncio.get_running_loop().call_later(0.2, gate.set)
    await llm.close()
    assert llm._threads.busy == 0

    monkeypatch.setattr(embedded, "_LEAVE_S", 0.05)
    gate.clear()
    llm = over(Llama([gate]), timeout_s=0.05)
    with pytest.raises(EngineError):
        await generate(llm)
    await llm.close()
    assert llm._threads.busy == 1, "it is left behind"
    gate.set()
    await llm._threads.settle(PATIENCE_S)


def test_a_program_ends_although_the_model_hangs() -> None:
    root = HUNG.parents[3]
    done = subprocess.run(
        [sys.executable, str(HUNG)],
        cwd=root,
        env={"PYTHONPATH": str(root), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "language model: silent for 0.1 s\n"), done.stderr
    assert done.stderr == ""


async def test_the_start_has_a_limit_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    slow = Llama([gate, piece("")])  # longer than one generation may take
    llm = EmbeddedLLM(tmp_path / "model.gguf", LLMConfig(timeout_s=0.05))
    monkeypatch.setattr(llm, "_load", lambda: slow)
    monkeypatch.setattr(llm, "_derive_template", lambda: ChatTemplate("<", "|", "|", "|"))
    asyncio.get_running_loop().call_later(0.3, gate.set)
    await llm.start()
    assert llm.fault is None

    gate.clear()
    with pytest.raises(EngineError, match=r"silent for 0\.05 s"):
        await generate(llm)
    gate.set()
    await llm.close()


async def test_a_start_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_START_LIMIT_S", 0.1)
    gate = threading.Event()
    llm = EmbeddedLLM(Path("model.gguf"), LLMConfig())
    monkeypatch.setattr(llm, "_load", gate.wait)
    with pytest.raises(EngineError, match=r"model\.gguf was not loaded and warm within 0\.1 s"):
        await llm.start()
    gate.set()
    await llm.close()


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    llm = EmbeddedLLM(tmp_path / "none.gguf", LLMConfig())
    with pytest.raises(EngineError, match=r"no GGUF file at .*none\.gguf"):
        await llm.start()
    await llm.close()
