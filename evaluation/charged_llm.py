"""A language model whose work takes simulated time."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from evaluation.costs import Tally
from evaluation.machine import Machine
from models.engines.gate import Priority, PriorityGate
from models.engines.llm import Conversation, Lane, LanguageModel, PreemptedError
from models.errors import EngineError
from models.interpreter import NoTelemetry, Telemetry

T = TypeVar("T")
_OTHER = Conversation("Translate.", (), "你好")


class ChargedLLM:
    """A `LanguageModel` on a `Machine`. Who waits for whom on the simulated clock is decided by a
    gate of its own; the engine's is never busy."""

    def __init__(
        self, llm: LanguageModel, machine: Machine, threads: int, gate: PriorityGate
    ) -> None:
        self._llm = llm
        self.machine = machine
        self.threads = threads
        self.gate = gate

    @property
    def fault(self) -> str | None:
        """See `LanguageModel`."""
        return self._llm.fault

    @fault.setter
    def fault(self, value: str | None) -> None:
        self._llm.fault = value

    @property
    def idle(self) -> bool:
        """See `LanguageModel`."""
        return self.gate.idle

    def lane(self) -> ChargedLane:
        """See `LanguageModel`."""
        return ChargedLane(self, self._llm.lane())

    async def start(self) -> None:
        """The engine has been started."""

    async def close(self) -> None:
        """The engine belongs to others."""


@dataclass(slots=True)
class _Generation:
    """A whole answer as it came. The last piece is empty: the time from the last text to the end.

    error: what it ended with, after the pieces.
    """

    texts: list[str]
    seconds: list[float]
    error: EngineError | None = None


class ChargedLane:
    """A lane of a `ChargedLLM`.

    The engine answers in full at once, because it cannot be halted between two tokens; the pieces
    come on the simulated clock. What a caller leaves unread is not charged.
    """

    def __init__(self, llm: ChargedLLM, lane: Lane) -> None:
        self._llm = llm
        self._lane = lane
        self._blank = False

    async def _work(self, job: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """As `Machine.work`. Before the first job, the lane's prefix cache is given something else
        to hold, so that every session starts alike."""
        machine = self._llm.machine
        if not self._blank:
            self._blank = True
            with suppress(EngineError):  # the job itself will tell
                await machine.work(lambda: self._lane.boundary(_OTHER, "zh", NoTelemetry()))
        return await machine.work(job)

    async def generate(
        self,
        conversation: Conversation,
        *,
        priority: Priority,
        telemetry: Telemetry,
        **options: Any,
    ) -> AsyncGenerator[str, None]:
        """See `Lane.generate`."""
        machine, threads = self._llm.machine, self._llm.threads
        tally = Tally()

        async def answer() -> _Generation:
            stream = self._lane.generate(
                conversation, priority=priority, telemetry=tally, **options
            )
            return await _collect(stream)

        async with self._llm.gate.place(priority) as ticket:
            whole, _ = await self._work(answer)
            prompt_tokens = tally.counts["prompt_tokens"]
            costs = machine.charge.pieces(whole.seconds, prompt_tokens)
            read = 0
            elapsed_s = 0.0
            try:
                for text, cost in zip(whole.texts, costs, strict=True):
                    elapsed_s += await machine.spend(cost, threads)
                    read += 1
                    if text:
                        yield text
                    if ticket.preempted:
                        raise PreemptedError
                if whole.error is not None:
                    raise whole.error
            finally:
                for cost in costs[read : read + 1]:  # an engine stops after one more token
                    elapsed_s += await machine.spend(cost, threads)
                machine.report(_part(tally, whole, read, priority), elapsed_s, telemetry)

    async def boundary(
        self, conversation: Conversation, language: str, telemetry: Telemetry
    ) -> float | None:
        """See `Lane.boundary`."""
        machine = self._llm.machine
        tally = Tally()
        async with self._llm.gate.place(Priority.BOUNDARY):
            found, seconds = await self._work(
                lambda: self._lane.boundary(conversation, language, tally)
            )
            cost = machine.charge.boundary(seconds, tally.counts["prompt_tokens"])
            elapsed_s = await machine.spend(cost, self._llm.threads)
            machine.report(tally, elapsed_s, telemetry)
            return found

    def close(self) -> None:
        """See `Lane.close`."""
        self._lane.close()


async def _collect(stream: AsyncGenerator[str, None]) -> _Generation:
    whole = _Generation([], [])
    last = time.perf_counter()

    def add(text: str) -> None:
        nonlocal last
        now = time.perf_counter()
        whole.texts.append(text)
        whole.seconds.append(now - last)
        last = now

    try:
        async with aclosing(stream) as pieces:
            async for text in pieces:
                add(text)
    except EngineError as error:
        whole.error = error
    add("")
    return whole


def _part(tally: Tally, whole: _Generation, read: int, priority: Priority) -> Tally:
    """What of a generation was read: its time, and that share of its output."""
    part = Tally()
    part.stage(priority.stage, sum(whole.seconds[: read + 1]))
    part.counts.update(tally.counts)
    if read + 1 < len(whole.texts):
        share = (read + 1) / len(whole.texts)
        part.counts["output_tokens"] = round(tally.counts["output_tokens"] * share)
    return part
