"""Stream recordings one after another, over the wire or with a simulated clock."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluation import measure, virtual
from evaluation.bystanders import Bystanders
from evaluation.charge import Charge
from evaluation.engines import open_engines
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.replay import first_error, replay
from evaluation.serving import Served, own_cores, serve
from models.config import ModelsConfig
from tongchuan.events import Term

Progress = Callable[[float], None]
"""Told the seconds of audio that are done."""


@dataclass(frozen=True, slots=True)
class Run:
    """One recording: what each session of it gave, and what they cost."""

    recording: Recording
    logs: Sequence[SessionLog]
    cost: measure.Cost


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
    """The one at `url`, or one of our own of `profile` on `cores`."""

    url: str | None
    profile: str
    cores: int

    @asynccontextmanager
    async def running(self, streams: int) -> AsyncIterator[Served]:
        """With room for `streams` sessions."""
        if self.url:
            yield Served(self.url)
            return
        async with serve(self.profile, own_cores(self.cores), streams) as served:
            yield served


async def real(
    recordings: Sequence[Recording], server: Server, plan: Plan, progress: Progress
) -> tuple[list[Run], measure.Cost]:
    """At the speed of speech, `plan.streams` sessions at once; and what all cost together."""
    runs: list[Run] = []
    async with server.running(plan.streams) as served:
        first, begun = await served.usage(), time.monotonic()
        heard_s = 0.0
        for recording in recordings:
            before, started = await served.usage(), time.monotonic()
            logs = await _sessions(recording, served.url, plan)
            plan.keep(logs)
            audio_s = sum(log.duration_s for log in logs)
            elapsed = time.monotonic() - started
            spent = measure.cost(before, await served.usage(), audio_s, elapsed, server.cores)
            runs.append(Run(recording, logs, spent))
            heard_s += audio_s
            progress(recording.duration_s)
        elapsed = time.monotonic() - begun
        whole = measure.cost(first, await served.usage(), heard_s, elapsed, server.cores)
    return runs, whole


async def _sessions(recording: Recording, url: str, plan: Plan) -> list[SessionLog]:
    terms = plan.terms_of(recording)
    try:
        async with asyncio.TaskGroup() as tasks:
            sessions = [
                tasks.create_task(
                    replay(recording, url, speed=plan.speed, terms=terms, previews=plan.previews)
                )
                for _ in range(plan.streams)
            ]
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    return [session.result() for session in sessions]


def simulated(
    recordings: Sequence[Recording],
    config: ModelsConfig,
    charge: Charge,
    plan: Plan,
    cores: int,
    progress: Progress,
) -> tuple[list[Run], measure.Cost]:
    """On `cores` with a simulated clock, one session at a time; and what all cost together."""
    runs: list[Run] = []
    spent = []
    with pinned(own_cores(cores)), open_engines(config) as engines:
        throughout = Bystanders()
        for recording in recordings:
            terms, beside = plan.terms_of(recording), Bystanders()
            log, costs = virtual.replay(
                recording, engines, config, charge=charge, terms=terms, previews=plan.previews
            )
            plan.keep([log])
            runs.append(Run(recording, [log], measure.simulated_cost([costs], beside.cores)))
            spent.append(costs)
            progress(recording.duration_s)
        return runs, measure.simulated_cost(spent, throughout.cores)


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
