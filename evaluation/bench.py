"""`python -m evaluation.bench [FOLDER]`: stream recordings, print and save figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sacrebleu
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation import measure, offline, report, runs, segmenting
from evaluation.charge import CHARGES
from evaluation.log import SessionLog
from evaluation.recordings import Recording, load_folder
from models.errors import TongchuanError
from tongchuan.settings import models_config

_HERE = Path(__file__).resolve().parent.parent
FOLDERS = (_HERE.parent / "shared" / "realsi-dev", _HERE / "tests" / "data")
"""Where recordings are looked for when no folder is given."""

_QUIET = 0.1  # cores of others that a measurement may have beside it


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured (whatever the figures), 1 when it failed, 130 when interrupted."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.virtual and (args.url or args.streams > 1 or args.speed != 1):
        parser.error("--virtual is one session in this process: no --url, --streams or --speed")
    console = Console()
    try:
        _bench(args, console)
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
    parser.add_argument(
        "--virtual",
        nargs="?",
        const="measured",
        choices=sorted(CHARGES),
        help="in this process with a simulated clock, as fast as the models; what compute costs",
    )
    parser.add_argument("--seconds", type=_seconds, help="the first ones of each recording only")
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


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a length")
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0.1 <= value <= 10):
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 10")
    return value


def _bench(args: argparse.Namespace, console: Console) -> None:
    folder = args.folder or next((known for known in FOLDERS if known.is_dir()), FOLDERS[-1])
    recordings = _recordings(folder, args)
    for place in (args.out.parent, *([args.logs] if args.logs else [])):
        place.mkdir(parents=True, exist_ok=True)
    done, whole = _stream(recordings, args, console)
    texts = {} if args.no_offline else asyncio.run(_offline_all(recordings, args, console))
    rows = [
        _row(run.recording.id, [(run.recording, log) for log in run.logs], texts, run.cost)
        for run in done
    ]
    pairs = [(run.recording, log) for run in done for log in run.logs]
    rows.append(_row("all", pairs, texts, whole))
    reached = report.targets(rows[-1], args.streams)
    how = f", simulated clock, compute {args.virtual}" if args.virtual else ""
    report.show(rows, reached, f"{folder.name}, profile {args.profile}{how}", console)
    if args.virtual == "measured" and (whole.others or 0) > _QUIET:
        console.print(
            f"Other processes used {whole.others:.1f} cores: the times above are too long. "
            "Measure on an idle machine, or with --virtual fixed."
        )
    body = {
        "made": _circumstances(args),
        "rows": [row.as_json() for row in rows],
        "targets": [asdict(target) | {"met": target.met} for target in reached],
    }
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {args.out}")


def _recordings(folder: Path, args: argparse.Namespace) -> list[Recording]:
    recordings = load_folder(folder, args.only if args.only is not None else "zh")
    if len({recording.source for recording in recordings}) > 1:
        raise TongchuanError(f"{folder} has both directions; choose one: --only zh or --only en")
    if args.seconds is not None:
        recordings = [recording.first(args.seconds) for recording in recordings]
    for recording in recordings:
        recording.samples()  # a bad file is told before an hour is spent
    return recordings


def _stream(
    recordings: Sequence[Recording], args: argparse.Namespace, console: Console
) -> tuple[list[runs.Run], measure.Cost]:
    plan = runs.Plan(args.streams, args.speed, args.terms, not args.no_previews, args.logs)
    total_s = sum(recording.duration_s for recording in recordings)
    with _progress(console) as bar:
        task = bar.add_task("streaming", total=total_s)
        advance: Callable[[float], None] = lambda seconds: bar.advance(task, seconds)  # noqa: E731
        if args.virtual:
            config, charge = models_config(args.profile), CHARGES[args.virtual]
            return runs.simulated(recordings, config, charge, plan, args.cores, advance)
        server = runs.Server(args.url, args.profile, args.cores)
        return asyncio.run(runs.real(recordings, server, plan, advance))


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
        "charge": repr(CHARGES[args.virtual]) if args.virtual else None,
        "cores": args.cores,
        "omnisteval": segmenting.VERSION,
        "sacrebleu": sacrebleu.__version__,
    }


_TOLD = ("only", "profile", "streams", "speed", "terms", "no_previews", "virtual", "seconds")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console
    )


if __name__ == "__main__":
    sys.exit(main())
