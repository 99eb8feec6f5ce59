"""A server of our own, in a process of its own, and what it costs."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from models.errors import TongchuanError

_READY_S = 300.0
_STOP_S = 60.0
_LOG_LINES = 12
# Affinity is set before anything is imported, so that thread pools are made for those cores. Who
# started the server may be killed: nobody would stop it then.
_PREPARE = """
import os, signal, sys, threading, time
def orphaned(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
parent, cores, *arguments = sys.argv[1:]
threading.Thread(target=orphaned, args=(int(parent),), daemon=True).start()
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
"""
_LAUNCH = f"{_PREPARE}from tongchuan.cli import main\nsys.exit(main(arguments))\n"


class ServingError(TongchuanError):
    """The server did not start, or stopped. Holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server had used at one moment: model seconds by stage, processor seconds, peak
    memory so far (MiB). Processor and memory are None for a server that is not ours."""

    stages: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    cpu_s: float | None = None
    peak_mib: float | None = None
    mib: float | None = None


class Served:
    """A running server at `url`."""

    def __init__(self, url: str, process: psutil.Process | None = None) -> None:
        self.url = url
        self._process = process
        self._http = url.replace("ws://", "http://", 1).replace("wss://", "https://", 1).rstrip("/")

    @property
    def alive(self) -> bool:
        """Whether its process runs; True for one that is not ours."""
        if self._process is None:
            return True
        try:
            return str(self._process.status()) not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        except psutil.Error:
            return False

    async def usage(self) -> Usage:
        """What it has used so far. Raises ServingError when `/metrics` does not answer."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
                answer = await client.get(f"{self._http}/metrics")
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ServingError(f"{self._http}/metrics did not answer: {error}") from error
        stages, counts = parse_metrics(answer.text)
        if self._process is None:
            return Usage(stages, counts)
        try:
            times = self._process.cpu_times()
            mib = self._process.memory_info().rss / 2**20
        except psutil.Error as error:
            raise ServingError(f"the server stopped: {error}") from error
        return Usage(stages, counts, times.user + times.system, self._peak_mib(mib), mib)

    def _peak_mib(self, now_mib: float) -> float:
        assert self._process is not None
        with suppress(OSError, ValueError, StopIteration):
            lines = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
            row = next(line for line in lines.splitlines() if line.startswith("VmHWM"))
            return int(row.split()[1]) / 1024
        return now_mib  # no /proc here


def parse_metrics(text: str) -> tuple[dict[str, float], dict[str, float]]:
    """Model seconds by stage, and what the models counted, from Prometheus's text format."""
    stages: dict[str, float] = {}
    counts: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "tongchuan_model_seconds_sum":
                stages[sample.labels["stage"]] = sample.value
            elif sample.name == "tongchuan_model_events_total":
                counts[sample.labels["name"]] = sample.value
    return stages, counts


@asynccontextmanager
async def serve(
    profile: str,
    cores: Sequence[int],
    max_sessions: int,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Served]:
    """Start `tongchuan serve` on `cores` and a free port, wait until it is ready; stop it after.

    settings: environment of the server, over ours.

    Raises ServingError with the end of its log when it does not become ready.
    """
    port = _free_port()
    arguments = ["serve", "--host", "127.0.0.1", "--port", str(port), "--profile", profile]
    arguments += ["--max-sessions", str(max_sessions)]
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _LAUNCH, str(os.getpid()), ",".join(map(str, cores))),
            *arguments,
            env={**os.environ, **(settings or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            await _ready(process, f"http://127.0.0.1:{port}/readyz", log.fileno())
            yield Served(f"ws://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            await _stop(process)


async def _ready(process: asyncio.subprocess.Process, url: str, log: int) -> None:
    try:
        async with asyncio.timeout(_READY_S), httpx.AsyncClient(trust_env=False) as client:
            while process.returncode is None:
                with suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise ServingError(f"not ready after {_READY_S:g} s; {_tail(log)}") from None
    raise ServingError(f"the server ended with code {process.returncode}; {_tail(log)}")


def _tail(log: int) -> str:
    size = os.fstat(log).st_size
    text = os.pread(log, 16_384, max(0, size - 16_384)).decode(errors="replace")
    lines = text.strip().splitlines()[-_LOG_LINES:]
    return "its log ends with:\n  " + "\n  ".join(lines or ["(nothing)"])


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def own_cores(count: int) -> list[int]:
    """The first `count` cores that this process may use."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(count)
    return sorted(allowed)[:count]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
