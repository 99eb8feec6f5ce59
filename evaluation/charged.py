"""A system over engines whose work takes simulated time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from evaluation.charge import Charge
from evaluation.charged_llm import ChargedLLM
from evaluation.costs import Tally
from evaluation.engines import Engines
from evaluation.machine import Machine
from evaluation.systems import System
from models.engines.gate import PriorityGate
from models.engines.whisper import WhisperEngine
from models.events import SessionSpec
from models.factory import make_llm
from models.interpreter import Capacity, Interpreter, Telemetry
from models.load import Load

T = TypeVar("T")


class ChargedRecogniser:
    """A `WhisperEngine` on a `Machine`."""

    def __init__(self, engine: WhisperEngine, machine: Machine, threads: int) -> None:
        self._engine = engine
        self._machine = machine
        self._threads = threads

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)  # what takes no time: vocabulary, faults

    async def hear(self, frames: Any, *, telemetry: Telemetry, **options: Any) -> Any:
        """See `WhisperEngine.hear`."""
        tally = Tally()
        return await self._job(
            lambda: self._engine.hear(frames, telemetry=tally, **options), tally, telemetry
        )

    async def detect(self, *arguments: Any) -> Any:
        """See `WhisperEngine.detect`."""
        tally = Tally()
        return await self._job(lambda: self._engine.detect(*arguments), tally, tally)

    async def _job(self, job: Callable[[], Awaitable[T]], tally: Tally, telemetry: Telemetry) -> T:
        machine = self._machine
        result, seconds = await machine.work(job)
        elapsed_s = await machine.spend(machine.charge.hearing(seconds), self._threads)
        machine.report(tally, elapsed_s, telemetry)
        return result


class ChargedBackend:
    """`InterpreterBackend` over loaded engines; for one session."""

    def __init__(self, engines: Engines, system: System, charge: Charge) -> None:
        cores, config = _cores(), system.config
        self.machine = Machine(charge, cores)
        self.told = Tally()
        """What the session reported, in simulated seconds."""
        self._system = system
        self._scorer = engines.scorer
        llm = engines.llm or make_llm(config)
        self._own = llm if engines.llm is None else None
        # As many threads as the engines take by themselves; 0 where they do not use these cores.
        hearing = config.recogniser.threads or max(1, min(4, cores // 2))
        speaking = config.llm.threads or cores
        self._recogniser = ChargedRecogniser(
            engines.recogniser, self.machine, hearing if config.recogniser.device == "cpu" else 0
        )
        self._llm = ChargedLLM(
            llm,
            self.machine,
            speaking if config.llm.engine == "embedded" else 0,
            PriorityGate(config.llm.parallel, config.llm.queue),
        )

    async def start(self) -> Capacity:
        """The engines are loaded; they have room for one."""
        return Capacity(1.0, 1)

    def open(self, spec: SessionSpec, telemetry: Telemetry) -> Interpreter:
        """See `InterpreterBackend.open`. Telemetry goes to `told` instead."""
        load = Load(asyncio.get_running_loop().time)
        recogniser = cast(WhisperEngine, self._recogniser)
        return self._system.open(recogniser, self._llm, spec, self.told, load, self._scorer)

    def faults(self) -> tuple[str, ...]:
        """See `InterpreterBackend.faults`."""
        return ()

    async def check(self) -> None:
        """See `InterpreterBackend.check`: nothing is ever told to be at fault."""

    async def close(self) -> None:
        """The engines belong to others; a connection to an endpoint is its own."""
        if self._own is not None:
            await self._own.close()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
