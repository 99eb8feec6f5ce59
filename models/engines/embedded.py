"""llama.cpp in this process, by xllamacpp: slots with their own prefix caches."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from models.config import LLMConfig
from models.engines.gate import Priority, PriorityGate, Ticket
from models.engines.llm import BOUNDARY_MARKS, Conversation, PreemptedError
from models.engines.template import ChatTemplate
from models.errors import EngineError
from models.interpreter import NoTelemetry, Telemetry

_NO_CJK = r"root ::= [^\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]*"


class EmbeddedLLM:
    """A GGUF model on this machine. Generation runs on llama.cpp's threads."""

    def __init__(self, path: Path, config: LLMConfig) -> None:
        self._path = path
        self._config = config
        self._server: Any = None
        self._template: ChatTemplate | None = None
        self._free = list(range(config.slots))
        self._pool = ThreadPoolExecutor(config.parallel + 1, thread_name_prefix="llm")
        self.gate = PriorityGate(config.parallel, config.queue)
        self.fault: str | None = None

    async def start(self) -> None:
        """Load the model, take its chat template apart, run it once."""
        loop = asyncio.get_running_loop()
        self._server = await loop.run_in_executor(self._pool, self._load)
        self._template = await loop.run_in_executor(self._pool, self._derive_template)
        lane = self.lane()
        try:
            await lane.boundary(Conversation("Translate.", (), "你好"), "zh", NoTelemetry())
        finally:
            lane.close()

    def _load(self) -> Any:
        if not self._path.is_file():
            raise EngineError(f"no GGUF file at {self._path}: set llm.model to a name or a file")
        config = self._config
        threads = config.threads or len(os.sched_getaffinity(0))
        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.n_parallel = config.slots
        params.n_ctx = config.context_tokens * config.slots
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = 0  # the slots' caches are all that we use
        params.verbosity = -1
        params.ui = False
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"{self._path} does not load as a GGUF model: {error}") from error

    def _derive_template(self) -> ChatTemplate:
        def apply(messages: list[dict[str, str]]) -> str:
            try:
                answer = httpx.post(
                    f"{self._server.listening_address}/apply-template",
                    json={"messages": messages},
                    timeout=10,
                    trust_env=False,
                )
                return str(answer.raise_for_status().json()["prompt"])
            except (httpx.HTTPError, KeyError, ValueError) as error:
                raise EngineError(f"the model's chat template does not work: {error}") from error

        return ChatTemplate.derive(apply)

    @property
    def idle(self) -> bool:
        """Whether a place is free."""
        return self.gate.idle

    @property
    def address(self) -> str:
        """Base URL of its own OpenAI-compatible server on loopback, ending in /v1."""
        return f"{self._server.listening_address}/v1"

    def lane(self) -> EmbeddedLane:
        """A session's lane: a slot of its own while there are free ones, else a shared one."""
        slot = self._free.pop(0) if self._free else -1
        return EmbeddedLane(self, slot)

    def release(self, slot: int) -> None:
        """A lane gives its slot back."""
        if slot >= 0:
            self._free.append(slot)

    async def stream(
        self, request: dict[str, Any], ticket: Ticket
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Run one completion request; closing the iterator, or preemption, stops it.

        Raises EngineError when the model fails or is silent for the time limit.
        """
        loop = asyncio.get_running_loop()
        # Bounded by max_tokens of the request.
        results: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        stop = False

        def receive(result: Any) -> bool:
            for one in result if isinstance(result, list) else [result]:
                loop.call_soon_threadsafe(results.put_nowait, one)
            return stop

        def run() -> None:
            try:
                answer = self._server.handle_completions(request, receive)
                if answer:
                    receive(answer)
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader must hear of it
                message = {"error": {"message": str(error)}}
                loop.call_soon_threadsafe(results.put_nowait, message)
            finally:
                loop.call_soon_threadsafe(results.put_nowait, None)

        work = loop.run_in_executor(self._pool, run)
        try:
            while True:
                async with asyncio.timeout(self._config.timeout_s):
                    result = await results.get()
                if result is None:
                    break
                if "error" in result:
                    raise EngineError(f"the language model failed: {result['error']['message']}")
                yield result
                if ticket.preempted:
                    raise PreemptedError
            self.fault = None
        except TimeoutError:
            self.fault = f"language model: silent for {self._config.timeout_s:g} s"
            raise EngineError(self.fault) from None
        except EngineError as error:
            self.fault = str(error)
            raise
        finally:
            # The place is given on only when llama.cpp has let go of the slot: one token's time.
            stop = True
            if not work.done():
                await asyncio.wait([work], timeout=self._config.timeout_s)

    def render(self, conversation: Conversation, *, open_turn: bool = False) -> str:
        """The prompt of `conversation` in the model's chat template."""
        assert self._template is not None, "start() first"
        return self._template.render(conversation, open_turn=open_turn)

    async def close(self) -> None:
        """Free the model."""
        self._server = None
        self._pool.shutdown(wait=False, cancel_futures=True)


class EmbeddedLane:
    """One slot of the model; `Lane`."""

    def __init__(self, llm: EmbeddedLLM, slot: int) -> None:
        self._llm = llm
        self._slot = slot
        self._closed = False

    async def generate(
        self,
        conversation: Conversation,
        *,
        max_tokens: int,
        priority: Priority,
        telemetry: Telemetry,
        prefix: str = "",
        ban_cjk: bool = False,
    ) -> AsyncGenerator[str, None]:
        """See `Lane.generate`."""
        request: dict[str, Any] = {
            "prompt": self._llm.render(conversation) + prefix,
            "n_predict": max_tokens,
            "temperature": 0.0,
            "stream": True,
            "id_slot": self._slot,
            "cache_prompt": True,
        }
        if ban_cjk:
            request["grammar"] = _NO_CJK
        async with self._llm.gate.place(priority) as ticket:
            started = time.perf_counter()
            try:
                async with aclosing(self._llm.stream(request, ticket)) as results:
                    async for result in results:
                        _count(result, telemetry)
                        text = result["choices"][0]["text"] if result.get("choices") else ""
                        if text:
                            yield text
            finally:
                telemetry.stage(priority.stage, time.perf_counter() - started)

    async def boundary(
        self, conversation: Conversation, language: str, telemetry: Telemetry
    ) -> float | None:
        """See `Lane.boundary`."""
        request: dict[str, Any] = {
            "prompt": self._llm.render(conversation, open_turn=True),
            "n_predict": 1,
            "n_probs": 24,
            "temperature": 0.0,
            "id_slot": self._slot,
            "cache_prompt": True,
        }
        async with self._llm.gate.place(Priority.BOUNDARY) as ticket:
            started = time.perf_counter()
            total: float | None = None
            async with aclosing(self._llm.stream(request, ticket)) as results:
                async for result in results:
                    _count(result, telemetry)
                    total = boundary_mass(result, BOUNDARY_MARKS[language])
            telemetry.stage("boundary", time.perf_counter() - started)
            return total

    def close(self) -> None:
        """Give the slot back."""
        if not self._closed:
            self._closed = True
            self._llm.release(self._slot)


def boundary_mass(result: dict[str, Any], marks: str) -> float | None:
    """Probability of punctuation or the end of the text as the next token, of one completion.

    None when the result has no probabilities. A special token is written as an empty text.
    """
    logprobs = result["choices"][0].get("logprobs") if result.get("choices") else None
    if not logprobs or not logprobs.get("content"):
        return None
    total = 0.0
    for candidate in logprobs["content"][0]["top_logprobs"]:
        text = str(candidate["token"]).strip(" ")
        if text == "" or text[0] in marks or text[0] == "\n":
            total += math.exp(candidate["logprob"])
    return min(1.0, total)


def _count(result: dict[str, Any], telemetry: Telemetry) -> None:
    timings = result.get("timings")
    if timings:
        telemetry.count("prompt_tokens", int(timings.get("prompt_n", 0)))
        telemetry.count("cached_tokens", int(timings.get("cache_n", 0)))
        telemetry.count("output_tokens", int(timings.get("predicted_n", 0)))
