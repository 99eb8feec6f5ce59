"""`tongchuan load`: more and more streams at once, each from a process of its own, until the
server's chunks lag too far behind; how many it held before."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation import conversation, inputs
from evaluation.recordings import RecordingError
from evaluation.runs import Server
from evaluation.serving import Served, Usage
from evaluation.stream import Stream
from evaluation.timing import drift, percentile
from models.errors import TongchuanError

_LEAVE_S = 30.0
_ROOT = Path(__file__).resolve().parent.parent


class LoadError(TongchuanError):
    """A load test cannot be made."""


@dataclass(frozen=True, slots=True)
class Level:
    """`streams` at once. Lags in seconds, of the chunks of all; drift: the greatest of a stream.

    memory in MiB and compute (model time a second, all streams) are None for a server that does
    not tell. errors: each message once.
    """

    streams: int
    lag_p50: float | None
    lag_p95: float | None
    lag_p99: float | None
    lag_drift: float | None
    chunks: int
    refused: int
    failed: int
    errors: tuple[str, ...]
    compute: float | None
    peak_mib: float | None

    def held(self, lag_s: float) -> bool:
        """Whether all were served, and 95 of 100 chunks lagged no more than `lag_s`."""
        well = self.lag_p95 is not None and self.lag_p95 <= lag_s
        return well and not self.refused and not self.failed


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried. notes: JSON files of recordings, dealt out in turn; stagger_s: between the
    starts of streams; lag_s: what p95 may be."""

    notes: Sequence[Path]
    seconds: float
    most: int
    stagger_s: float
    lag_s: float


def capacity(levels: Sequence[Level], lag_s: float) -> int:
    """The most streams that were held, with all fewer ones held as well; 0 for none."""
    held = 0
    for level in levels:
        if not level.held(lag_s):
            break
        held = level.streams
    return held


async def climb(plan: Plan, served: Served, tell: Callable[[Level], None]) -> list[Level]:
    """One stream, two, three … until a level is not held, or `plan.most`."""
    levels: list[Level] = []
    for count in range(1, plan.most + 1):
        level = await _level(plan, served, count)
        levels.append(level)
        tell(level)
        if not level.held(plan.lag_s):
            break
    return levels


async def _level(plan: Plan, served: Served, count: int) -> Level:
    before = await _usage(served)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(
                _client(
                    served.url, plan.notes[n % len(plan.notes)], plan.seconds, n * plan.stagger_s
                )
            )
            for n in range(count)
        ]
    streams = [task.result() for task in running]
    after = await _usage(served)
    lags = [lag for one in streams for lag in one.lags_s]
    drifts = [found for one in streams if (found := drift(one.lags_s)) is not None]
    compute = None
    if before is not None and after is not None:
        elapsed_s = plan.seconds + (count - 1) * plan.stagger_s
        compute = (sum(after.stages.values()) - sum(before.stages.values())) / elapsed_s
    return Level(
        count,
        percentile(lags, 0.5),
        percentile(lags, 0.95),
        percentile(lags, 0.99),
        max(drifts, default=None),
        len(lags),
        sum(one.refused for one in streams),
        sum(one.error is not None for one in streams),
        tuple(dict.fromkeys(one.error for one in streams if one.error is not None)),
        compute,
        after.peak_mib if after is not None else None,
    )


async def _usage(served: Served) -> Usage | None:
    """None when the server does not tell: the lags count all the same."""
    with suppress(TongchuanError):
        return await served.usage()
    return None


async def _client(url: str, note: Path, seconds: float, wait_s: float) -> Stream:
    """One process; a client that hangs or dies is a failed stream."""
    await asyncio.sleep(wait_s)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "evaluation.stream", url, str(note), str(seconds)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=_ROOT,
    )
    try:
        async with asyncio.timeout(seconds + conversation.GRACE_S + _LEAVE_S):
            out, told = await process.communicate()
    except TimeoutError:
        return Stream(error="a client did not end in time")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        found = json.loads(out)
        return Stream(tuple(found["lags_s"]), found["refused"], found["error"])
    except (ValueError, KeyError, TypeError):
        last = told.decode(errors="replace").strip().splitlines()[-1:]
        return Stream(error=f"a client died with code {process.returncode}: {' '.join(last)}")


def run(args: argparse.Namespace, console: Console) -> None:
    """What `options.add_load_options` asks for: a table that grows, JSON, the capacity.

    Raises TongchuanError when nothing could be measured.
    """
    path = inputs.named(args.recordings)
    loaded = inputs.load(path, args.only)
    for problem in loaded.problems:
        console.print(f"[red]missing[/] {problem}", highlight=False)
    found = loaded.recordings
    notes = [recording.audio.with_suffix(".json").resolve() for recording in found]
    if not all(note.exists() for note in notes):
        raise RecordingError(f"{path}: a load test takes a folder of NAME.flac and NAME.json")
    longest_s = min(recording.duration_s for recording in found)
    plan = Plan(notes, min(args.seconds, longest_s), args.most, args.stagger, args.lag)
    server = Server(args.url, args.profile, args.cores)

    async def climbed() -> list[Level]:
        async with server.running(args.most) as served:
            return await climb(plan, served, lambda level: console.print(_line(level)))

    console.print(f"{plan.seconds:.0f} s a level, until p95 of the lag is above {args.lag:g} s")
    levels = asyncio.run(climbed())
    held = capacity(levels, args.lag)
    console.print(_table(levels, args.lag))
    console.print(f"capacity at a lag of {args.lag:g} s: {held} streams")
    body = {
        "profile": args.profile,
        "seconds": plan.seconds,
        "lag_s": args.lag,
        "capacity": held,
        "levels": [asdict(level) for level in levels],
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {args.out}")
    if not any(level.chunks for level in levels):
        raise LoadError(f"no chunk came back: {'; '.join(levels[0].errors) or 'refused'}")


def _line(level: Level) -> str:
    told = f"; {level.errors[0]}" if level.errors else ""
    return (
        f"{level.streams} at once: p95 {_seconds(level.lag_p95)}, "
        f"{level.refused} refused, {level.failed} failed{told}"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _table(levels: Sequence[Level], lag_s: float) -> Table:
    table = Table(title="Load", title_justify="left")
    for heading in (
        "streams", "lag p50", "p95", "p99", "drift", "chunks", "refused", "failed", "compute",
        "peak MiB", "held",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for level in levels:
        lags = (level.lag_p50, level.lag_p95, level.lag_p99, level.lag_drift)
        table.add_row(
            str(level.streams),
            *map(_seconds, lags),
            *map(str, (level.chunks, level.refused, level.failed)),
            "-" if level.compute is None else f"{level.compute:.2f}",
            "-" if level.peak_mib is None else f"{level.peak_mib:.0f}",
            "yes" if level.held(lag_s) else "no",
        )
    return table
