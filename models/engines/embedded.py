"""llama.cpp in this process, by xllamacpp: slots with their own prefix caches."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from models.config import LLMConfig
from models.engines.boundary import boundary_mass
from models.engines.gate import Priority, PriorityGate, Ticket
from models.engines.llm import Conversation, PreemptedError
from models.engines.template import ChatTemplate
from models.engines.threads import Threads
from models.errors import EngineError
from models.interpreter import NoTelemetry, Telemetry

_NO_CJK = r"root ::= [^\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]*"
_BATCH_TOKENS = 128  # of a prompt, between two looks at whether it is still wanted
_REUSE_TOKENS = 8  # shortest run kept in the cache when what stood before it is forgotten
_START_LIMIT_S = 600.0  # to load and warm: once, and slow where the disk or the machine is
_LEAVE_S = 5.0  # for what still runs when the model is closed


class EmbeddedLLM:
    """A GGUF model on this machine. Generation runs on llama.cpp's threads."""

    def __init__(self, path: Path, config: LLMConfig) -> None:
        self._path = path
        self._config = config
        self._server: Any = None
        self._template: ChatTemplate | None = None
        self._free = list(range(config.slots))
        self._threads = Threads(config.parallel + 1, "the language model")
        self._silence_s = _START_LIMIT_S
        self.gate = PriorityGate(config.parallel, config.queue)
        self.fault: str | None = None

    async def start(self) -> None:
        """Load the model, take its chat template apart, run it once."""
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                self._server = await self._threads.start(self._load)
                self._template = await self._threads.start(self._derive_template)
                lane = self.lane()
                try:
                    await lane.boundary(Conversation("Translate.", (), "你好"), "zh", NoTelemetry())
                finally:
                    lane.close()
        except TimeoutError:
            raise EngineError(
                f"{self._path} was not loaded and warm within {_START_LIMIT_S:g} s: "
                "is the machine overloaded, or the disk very slow?"
            ) from None
        self._silence_s = self._config.timeout_s

    def _load(self) -> Any:
        if not self._path.is_file():
            raise EngineError(f"no GGUF file at {self._path}: set llm.model to a name or a file")
        config = self._config
        threads = config.threads or len(os.sched_getaffinity(0))
        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.n_parallel = config.slots
        params.n_batch = _BATCH_TOKENS
        params.n_ctx = config.context_tokens * config.slots
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.n_cache_reuse = _REUSE_TOKENS
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
                    timeout=_START_LIMIT_S,
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

        Results come as its prompt is read, too: a long one is not taken for silence, and can be
        stopped.
        Raises EngineError when the model fails or is silent for the time limit.
        """
        loop = asyncio.get_running_loop()
        request = {**request, "stream": True, "return_progress": True}
        # Bounded by the tokens of the prompt and those asked for.
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
                with suppress(RuntimeError):  # the loop may be gone
                    loop.call_soon_threadsafe(results.put_nowait, message)
            finally:
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(results.put_nowait, None)

        work: asyncio.Future[None] | None = None
        try:
            work = self._threads.start(run)
            while True:
                async with asyncio.timeout(self._silence_s):
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
            self.fault = f"language model: silent for {self._silence_s:g} s"
            raise EngineError(self.fault) from None
        except EngineError as error:
            self.fault = str(error)
            raise
        finally:
            # The place is given on only when llama.cpp has let go of the slot: a batch's time.
            stop = True
            if work is not None and not work.done():
                await asyncio.wait([work], timeout=self._silence_s)

    def render(self, conversation: Conversation, *, open_turn: bool = False) -> str:
        """The prompt of `conversation` in the model's chat template."""
        assert self._template is not None, "start() first"
        return self._template.render(conversation, open_turn=open_turn)

    async def close(self) -> None:
        """Free the model. Work that does not let go of it in time keeps it, and is left behind."""
        await self._threads.settle(_LEAVE_S)
        self._server = None


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
                    if total is None and result.get("choices"):
                        total = boundary_mass(result["choices"][0], language)
            telemetry.stage("boundary", time.perf_counter() - started)
            return total

    def close(self) -> None:
        """Give the slot back."""
        if not self._closed:
            self._closed = True
            self._llm.release(self._slot)


def _count(result: dict[str, Any], telemetry: Telemetry) -> None:
    timings = result.get("timings")
    if timings:
        telemetry.count("prompt_tokens", int(timings.get("prompt_n", 0)))
        telemetry.count("cached_tokens", int(timings.get("cache_n", 0)))
        telemetry.count("output_tokens", int(timings.get("predicted_n", 0)))
