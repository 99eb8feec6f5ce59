"""Stream recordings one after another, over the wire or with a simulated clock."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evaluation import measure, virtual
from evaluation.adapters import ADAPTERS, OURS, Adapter
from evaluation.bystanders import Bystanders
from evaluation.charge import Charge
from evaluation.conversation import first_error
from evaluation.engines import Engines
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.serving import Served, ServingError, own_cores, serve
from evaluation.systems import System
from models.errors import TongchuanError
from tongchuan.events import Term

Progress = Callable[[float], None]
"""Told the seconds of audio that are done."""


@dataclass(frozen=True, slots=True)
class Run:
    """One recording: what each session of it gave, and what they cost (None: nobody knows)."""

    recording: Recording
    logs: Sequence[SessionLog]
    cost: measure.Cost | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A recording that could not be used, and why."""

    recording: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system did with all recordings; those that failed are problems."""

    runs: Sequence[Run]
    problems: Sequence[Problem]

    @property
    def cost(self) -> measure.Cost | None:
        """Of all runs together; None when all failed or none knows."""
        weighed = [
            (sum(log.duration_s for log in run.logs), run.cost)
            for run in self.runs
            if run.cost is not None
        ]
        return measure.pooled(weighed) if weighed else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every session. logs: folder for every event."""

    streams: int = 1
    speed: float = 1.0
    terms: bool = False
    previews: bool = True
    logs: Path | None = None

    def terms_of(self, recording: Recording) -> Sequence[Term]:
        """The terms to give along."""
        return recording.terms() if self.terms else ()

    def keep(self, logs: Sequence[SessionLog]) -> None:
        """Write them, if that is wanted."""
        if self.logs is not None:
            for number, log in enumerate(logs, 1):
                log.save(self.logs / f"{log.recording}.{number}.json")


@dataclass(frozen=True, slots=True)
class Server:
    """The one at `url`, or one of our own of `profile` on `cores`, with more `settings`.

    speaks: one of ADAPTERS; what is none of ours tells nothing of its costs.
    """

    url: str | None
    profile: str
    cores: int
    settings: Mapping[str, str] = field(default_factory=dict)
    speaks: str = OURS

    @asynccontextmanager
    async def running(self, streams: int) -> AsyncIterator[Served]:
        """With room for `streams` sessions."""
        if self.url:
            yield Served(self.url)
            return
        async with serve(self.profile, own_cores(self.cores), streams, self.settings) as served:
            yield served


async def real(
    recordings: Sequence[Recording], server: Server, plan: Plan, progress: Progress
) -> Outcome:
    """At the speed of speech, `plan.streams` sessions at once.

    A recording that fails is a problem and the rest goes on, with a new server if ours died.
    Raises ServingError when no server starts at all.
    """
    runs: list[Run] = []
    problems: list[Problem] = []
    left = deque(recordings)
    while left:
        try:
            async with server.running(plan.streams) as served:
                while left and served.alive:
                    recording = left.popleft()
                    try:
                        runs.append(await _run(recording, served, server, plan))
                    except TongchuanError as error:
                        problems.append(Problem(recording.id, str(error)))
                    progress(recording.duration_s)
        except ServingError as error:
            if not runs and not problems:
                raise
            problems += [Problem(recording.id, str(error)) for recording in left]
            break
    return Outcome(runs, problems)


async def _run(recording: Recording, served: Served, server: Server, plan: Plan) -> Run:
    if server.speaks != OURS:
        logs = await _sessions(recording, served.url, ADAPTERS[server.speaks], plan)
        plan.keep(logs)
        return Run(recording, logs, None)
    before, started = await served.usage(), time.monotonic()
    logs = await _sessions(recording, served.url, ADAPTERS[OURS], plan)
    plan.keep(logs)
    audio_s = sum(log.duration_s for log in logs)
    elapsed_s = time.monotonic() - started
    spent = measure.cost(before, await served.usage(), audio_s, elapsed_s, server.cores)
    return Run(recording, logs, spent)


async def _sessions(
    recording: Recording, url: str, adapter: Adapter, plan: Plan
) -> list[SessionLog]:
    terms = plan.terms_of(recording)
    try:
        async with asyncio.TaskGroup() as tasks:
            sessions = [
                tasks.create_task(
                    adapter(recording, url, speed=plan.speed, terms=terms, previews=plan.previews)
                )
                for _ in range(plan.streams)
            ]
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    return [session.result() for session in sessions]


def simulated(
    recordings: Sequence[Recording],
    engines: Engines,
    system: System,
    charge: Charge,
    plan: Plan,
    progress: Progress,
) -> Outcome:
    """With a simulated clock, one session at a time. A recording that fails is a problem."""
    runs: list[Run] = []
    problems: list[Problem] = []
    for recording in recordings:
        terms, beside = plan.terms_of(recording), Bystanders()
        try:
            log, costs = virtual.replay(
                recording, engines, system, charge=charge, terms=terms, previews=plan.previews
            )
        except TongchuanError as error:
            problems.append(Problem(recording.id, str(error)))
        else:
            plan.keep([log])
            runs.append(Run(recording, [log], measure.simulated_cost(costs, beside.cores)))
        progress(recording.duration_s)
    return Outcome(runs, problems)


@contextmanager
def pinned(cores: Collection[int]) -> Iterator[None]:
    """This thread, and those that it starts meanwhile, run on `cores` only, where that works."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
