"""`python -m evaluation.bench [FOLDER]`: stream recordings in real time, print and save figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sacrebleu
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation import measure, offline, report, segmenting
from evaluation.log import SessionLog
from evaluation.recordings import Recording, load_folder
from evaluation.replay import first_error, replay
from evaluation.serving import Served, serve
from models.errors import TongchuanError
from tongchuan.settings import models_config

_HERE = Path(__file__).resolve().parent.parent
FOLDERS = (_HERE.parent / "shared" / "realsi-dev", _HERE / "tests" / "data")
"""Where recordings are looked for when no folder is given."""


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured (whatever the figures), 1 when it failed, 130 when interrupted."""
    args = _parser().parse_args(argv)
    console = Console()
    try:
        asyncio.run(_bench(args, console))
    except TongchuanError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluation.bench", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="NAME.flac and NAME.json side by side")
    parser.add_argument("--only", metavar="PREFIX", help="ids that start so (default zh)")
    parser.add_argument("--profile", default="embedded", help="models and their settings")
    parser.add_argument("--url", help="a running server, instead of one of our own")
    parser.add_argument("--cores", type=_count, default=2, help="for our own server (2)")
    parser.add_argument("--streams", type=_count, default=1, help="sessions at once (1)")
    parser.add_argument("--speed", type=_speed, default=1.0, help="above 1: quality only (1)")
    parser.add_argument("--terms", action="store_true", help="give the references' terms along")
    parser.add_argument("--no-previews", action="store_true", help="ask for none")
    parser.add_argument("--no-offline", action="store_true", help="leave the offline run out")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"), help="figures as JSON")
    parser.add_argument("--logs", type=Path, help="folder for every event and offline text")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 64")
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0.1 <= value <= 10):
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 10")
    return value


async def _bench(args: argparse.Namespace, console: Console) -> None:
    folder = args.folder or next((known for known in FOLDERS if known.is_dir()), FOLDERS[-1])
    recordings = load_folder(folder, args.only if args.only is not None else "zh")
    directions = {recording.source for recording in recordings}
    if len(directions) > 1:
        raise TongchuanError(f"{folder} has both directions; choose one: --only zh or --only en")
    for recording in recordings:
        recording.samples()  # a bad file is told before an hour is spent
    for place in (args.out.parent, *([args.logs] if args.logs else [])):
        place.mkdir(parents=True, exist_ok=True)
    runs, whole = await _stream_all(recordings, args, console)
    texts = {} if args.no_offline else await _offline_all(recordings, args, console)
    rows = [
        _row(recording.id, [(recording, log) for log in logs], texts, spent)
        for recording, logs, spent in runs
    ]
    pairs = [(recording, log) for recording, logs, _ in runs for log in logs]
    rows.append(_row("all", pairs, texts, whole))
    reached = report.targets(rows[-1], args.streams)
    report.show(rows, reached, f"{folder.name}, profile {args.profile}", console)
    body = {
        "made": _circumstances(args),
        "rows": [row.as_json() for row in rows],
        "targets": [asdict(target) | {"met": target.met} for target in reached],
    }
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {args.out}")


_Run = tuple[Recording, list[SessionLog], measure.Cost]


async def _stream_all(
    recordings: Sequence[Recording], args: argparse.Namespace, console: Console
) -> tuple[list[_Run], measure.Cost]:
    """Each recording in turn, `streams` times at once; what each cost, and all together."""
    runs: list[_Run] = []
    total_s = sum(recording.duration_s for recording in recordings) / args.speed
    async with _server(args) as served:
        first, begun = await served.usage(), time.monotonic()
        heard_s = 0.0
        with _progress(console) as bar:
            task = bar.add_task("streaming", total=total_s)
            for recording in recordings:
                before, started = await served.usage(), time.monotonic()
                logs = await _stream(recording, served.url, args)
                audio_s = sum(log.duration_s for log in logs)
                elapsed = time.monotonic() - started
                spent = measure.cost(before, await served.usage(), audio_s, elapsed, args.cores)
                runs.append((recording, logs, spent))
                heard_s += audio_s
                bar.advance(task, recording.duration_s / args.speed)
        elapsed = time.monotonic() - begun
        whole = measure.cost(first, await served.usage(), heard_s, elapsed, args.cores)
    return runs, whole


async def _stream(recording: Recording, url: str, args: argparse.Namespace) -> list[SessionLog]:
    terms = recording.terms() if args.terms else ()
    previews = not args.no_previews
    try:
        async with asyncio.TaskGroup() as tasks:
            sessions = [
                tasks.create_task(
                    replay(recording, url, speed=args.speed, terms=terms, previews=previews)
                )
                for _ in range(args.streams)
            ]
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    logs = [session.result() for session in sessions]
    if args.logs:
        for number, log in enumerate(logs, 1):
            log.save(args.logs / f"{recording.id}.{number}.json")
    return logs


@asynccontextmanager
async def _server(args: argparse.Namespace) -> AsyncIterator[Served]:
    if args.url:
        yield Served(args.url)
        return
    async with serve(args.profile, own_cores(args.cores), args.streams) as served:
        yield served


def own_cores(count: int) -> list[int]:
    """The first `count` cores that this process may use."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(count)
    return sorted(allowed)[:count]


async def _offline_all(
    recordings: Sequence[Recording], args: argparse.Namespace, console: Console
) -> dict[str, offline.Offline]:
    found: dict[str, offline.Offline] = {}
    total = sum(len(recording.segments) for recording in recordings)
    async with offline.open_cascade(models_config(args.profile)) as cascade:
        with _progress(console) as bar:
            task = bar.add_task("offline", total=total)
            advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
            for recording in recordings:
                result = await cascade.run(recording, advance)
                found[recording.id] = result
                if args.logs:
                    (args.logs / f"{recording.id}.offline.json").write_text(
                        json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8"
                    )
    return found


def _row(
    name: str,
    pairs: Sequence[tuple[Recording, SessionLog]],
    texts: dict[str, offline.Offline],
    spent: measure.Cost,
) -> report.Row:
    alone = remembered = None
    if texts:
        unique = {recording.id: recording for recording, _ in pairs}
        offlines = [(recording, texts[key]) for key, recording in unique.items()]
        alone = measure.offline(offlines)
        remembered = measure.offline(offlines, remembered=True)
    return report.Row(name, measure.streamed(pairs), alone, remembered, spent)


def _circumstances(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "arguments": {key: value for key, value in vars(args).items() if key in _TOLD},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": args.cores,
        "omnisteval": segmenting.VERSION,
        "sacrebleu": sacrebleu.__version__,
    }


_TOLD = ("only", "profile", "streams", "speed", "terms", "no_previews")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console
    )


if __name__ == "__main__":
    sys.exit(main())
