"""The language model behind any OpenAI-compatible URL, such as vLLM's."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx

from models.config import LLMConfig
from models.engines.boundary import boundary_mass
from models.engines.gate import Priority, PriorityGate
from models.engines.llm import Conversation, PreemptedError
from models.errors import ConfigError, EngineError
from models.interpreter import Telemetry

_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)  # an answer of another shape
_CONTEXT_CHARS = 160  # of source text that a boundary is judged by


class EndpointLLM:
    """Chat completions for translations; text completions for boundaries, where there are any."""

    def __init__(self, config: LLMConfig) -> None:
        if not config.url.startswith(("http://", "https://")):
            raise ConfigError(
                f"llm.url is {config.url!r}: with llm.engine=endpoint it must be the server's base "
                "URL, such as http://127.0.0.1:8001/v1"
            )
        self.config = config
        key = config.api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.client = httpx.AsyncClient(
            base_url=config.url.rstrip("/") + "/",
            headers=headers,
            timeout=httpx.Timeout(config.timeout_s, connect=5.0),
            limits=httpx.Limits(max_connections=config.parallel + 2),
        )
        self.gate = PriorityGate(config.parallel, config.queue)
        self.fault: str | None = None
        self.has_boundaries = True
        """Whether it gives the probabilities of text completions; False after it refused."""

    async def start(self) -> None:
        """See that the server answers and knows the model."""
        try:
            answer = await self.client.get("models")
            answer.raise_for_status()
            known = [str(model["id"]) for model in answer.json()["data"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"no OpenAI-compatible server answers at {self.config.url}: {_reason(error)}"
            ) from error
        if known and self.config.model not in known:
            raise EngineError(
                f"{self.config.url} has no model {self.config.model!r}; "
                f"set llm.model to one of: {', '.join(known[:8])}"
            )

    @property
    def idle(self) -> bool:
        """Whether a place is free."""
        return self.gate.idle

    def lane(self) -> EndpointLane:
        """A session's lane; the server's own prefix cache does the rest."""
        return EndpointLane(self)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()

    def failed(self, error: Exception) -> EngineError:
        """Note the fault, and say it."""
        self.fault = f"language model at {self.config.url}: {_reason(error)}"
        return EngineError(self.fault)


class EndpointLane:
    """One session's use of an endpoint; `Lane`."""

    def __init__(self, llm: EndpointLLM) -> None:
        self._llm = llm

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
        """See `Lane.generate`. Chinese characters are left to the guards."""
        request: dict[str, Any] = {
            "model": self._llm.config.model,
            "messages": _messages(conversation),
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        if prefix:
            request["messages"].append({"role": "assistant", "content": prefix})
            request |= {"add_generation_prompt": False, "continue_final_message": True}
        async with self._llm.gate.place(priority) as ticket:
            started = time.perf_counter()
            try:
                post = self._llm.client.stream("POST", "chat/completions", json=request)
                async with post as answer:
                    if answer.is_error:
                        await answer.aread()
                    answer.raise_for_status()
                    async with aclosing(self._pieces(answer)) as pieces:
                        async for text in pieces:
                            if text:
                                yield text
                            if ticket.preempted:
                                raise PreemptedError
                self._llm.fault = None
            except (httpx.HTTPError, *_MALFORMED) as error:
                raise self._llm.failed(error) from error
            finally:
                telemetry.stage(priority.stage, time.perf_counter() - started)

    async def _pieces(self, answer: httpx.Response) -> AsyncGenerator[str, None]:
        """The text of each line of an event stream, "" where it has none.

        Raises ValueError when it is no event stream, httpx.ReadTimeout when it only stays alive.
        """
        waited_from = time.monotonic()
        events = 0
        async for line in answer.aiter_lines():
            text = _delta(line)
            events += line.startswith("data:")
            if not text and time.monotonic() - waited_from > self._llm.config.timeout_s:
                raise httpx.ReadTimeout(f"no text for {self._llm.config.timeout_s:g} s")
            yield text
            if text:
                waited_from = time.monotonic()
        if not events:
            raise ValueError("the answer is no event stream: is it an OpenAI-compatible server?")

    async def boundary(
        self, conversation: Conversation, language: str, telemetry: Telemetry
    ) -> float | None:
        """See `Lane.boundary`; judged by the source text alone."""
        if not self._llm.has_boundaries:
            return None
        texts = [*(turn.user for turn in conversation.turns[-3:]), conversation.user]
        request = {
            "model": self._llm.config.model,
            "prompt": "".join(text.split("\n")[0] for text in texts)[-_CONTEXT_CHARS:],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": 20,
        }
        async with self._llm.gate.place(Priority.BOUNDARY):
            started = time.perf_counter()
            try:
                answer = await self._llm.client.post("completions", json=request)
                if answer.status_code in (400, 404, 405, 422, 501):
                    self._llm.has_boundaries = False
                    telemetry.count("boundary_unsupported")
                    return None
                answer.raise_for_status()
                mass = boundary_mass(answer.json()["choices"][0], language)
                self._llm.fault = None
                return mass
            except (httpx.HTTPError, *_MALFORMED) as error:
                raise self._llm.failed(error) from error
            finally:
                telemetry.stage("boundary", time.perf_counter() - started)

    def close(self) -> None:
        """Nothing is held."""


def _messages(conversation: Conversation) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": conversation.system}]
    for turn in conversation.turns:
        messages.append({"role": "user", "content": turn.user})
        messages.append({"role": "assistant", "content": turn.assistant})
    return [*messages, {"role": "user", "content": conversation.user}]


def _delta(line: str) -> str:
    """The text in one line of a server-sent event stream.

    Raises ValueError for an error that the server sends within the stream.
    """
    if not line.startswith("data:") or line.endswith("[DONE]"):
        return ""
    event = json.loads(line[5:])
    if "error" in event:
        raise ValueError(str(event["error"]))
    choices = event.get("choices") or [{}]
    return str((choices[0].get("delta") or {}).get("content") or "")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}: {error.response.text[:200]}"
    return str(error) or type(error).__name__
