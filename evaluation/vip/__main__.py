"""`python -m evaluation.vip LOGS … --judge URL --judge-model NAME`: judge what runs left.

LOGS are folders that `tongchuan eval --logs` wrote, one for each system; a folder's name is the
system's. The key of the judge, if it wants one, is in TONGCHUAN_JUDGE_API_KEY. Every verdict is
written as soon as it is there, beside `--out` as `.jsonl`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation import inputs, log
from evaluation.emissions import emissions
from evaluation.log import LogError, SessionLog
from evaluation.recordings import SLACK_S, Recording
from evaluation.segmenting import segmented
from evaluation.vip.fragments import LONGEST_WORDS
from evaluation.vip.judge import JudgeConfig
from evaluation.vip.run import run
from evaluation.vip.scores import NAME
from evaluation.vip.spoken import Spoken, spoken
from evaluation.vip.verdicts import CHECKS
from evaluation.vip.vip import Result
from models.errors import TongchuanError


def main(argv: Sequence[str] | None = None) -> int:
    """0 when judged, 1 when that failed, 130 when interrupted."""
    args = _parser().parse_args(argv)
    try:
        _judge(args, Console())
    except TongchuanError as error:
        sys.stderr.write(f"vip: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluation.vip", description=NAME)
    parser.add_argument("logs", nargs="+", type=Path, help="folders of logs, one a system")
    parser.add_argument("--recordings", type=Path, help="what was streamed, as for tongchuan eval")
    parser.add_argument("--audio", type=Path, help="folder of RealSI's recordings")
    parser.add_argument("--degrade", action="append", default=[], metavar="HOW", help="as streamed")
    parser.add_argument("--judge", required=True, metavar="URL", help="base URL, ending in /v1")
    parser.add_argument("--judge-model", required=True, metavar="NAME", help="the model's name")
    parser.add_argument(
        "--parallel",
        type=int,
        choices=range(1, 65),
        default=4,
        metavar="N",
        help="requests at once (4)",
    )
    parser.add_argument(
        "--longest-words",
        type=float,
        default=LONGEST_WORDS,
        metavar="N",
        help=f"segments with more are cut into fragments by the judge ({LONGEST_WORDS}); 0: all",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the order of asking (0)")
    parser.add_argument("--out", type=Path, default=Path("out/vip.json"), help="figures as JSON")
    return parser


def _judge(args: argparse.Namespace, console: Console) -> None:
    loaded = inputs.load(inputs.named(args.recordings), "", args.audio)
    for problem in loaded.problems:
        console.print(f"[red]missing[/] {problem}", highlight=False)
    recordings = {one.id: one.degraded(args.degrade) for one in loaded.recordings}
    texts = _texts(args.logs, recordings)
    config = JudgeConfig.from_environment(args.judge, args.judge_model, args.parallel)
    result = run(texts, config, args.out, console, seed=args.seed, longest_words=args.longest_words)
    console.print(table(result))
    console.print(f"written: {args.out}, {args.out.with_suffix('.jsonl')}")


def _texts(folders: Sequence[Path], recordings: Mapping[str, Recording]) -> dict[str, list[Spoken]]:
    """By system. Raises LogError."""
    names = [folder.resolve().name for folder in folders]
    unique = len(set(names)) == len(names)
    return {
        name if unique else str(folder): _outputs(folder, recordings)
        for name, folder in zip(names, folders, strict=True)
    }


def _outputs(folder: Path, recordings: Mapping[str, Recording]) -> list[Spoken]:
    """Of the first session of each recording."""
    paths = sorted(folder.glob("*.json"))
    logs: dict[str, SessionLog] = {}
    for path in paths:
        if not path.name.endswith(".offline.json"):
            found = log.load(path)
            logs.setdefault(found.recording, found)
    if not logs:
        raise LogError(f"{folder} holds no logs; name a folder that tongchuan eval --logs wrote")
    rows: list[Spoken] = []
    for name, session in logs.items():
        recording = _heard(session, recordings.get(name), folder)
        cut = segmented([(recording, emissions(session, recording.target))])
        rows += spoken(recording, cut.instances)
    return rows


def _heard(session: SessionLog, recording: Recording | None, folder: Path) -> Recording:
    """As much of the recording as was streamed."""
    if recording is None:
        raise LogError(
            f"{folder} has a log of {session.recording!r}, which is none of the recordings; "
            "name what was streamed with --recordings"
        )
    if session.duration_s > recording.duration_s + SLACK_S:
        raise LogError(
            f"{folder}: the log of {session.recording} is of {session.duration_s:.1f} s, the "
            f"recording of {recording.duration_s:.1f} s: give --degrade as it was streamed"
        )
    return recording.first(session.duration_s + SLACK_S)


def table(result: Result) -> Table:
    """A column for each system."""
    shown = Table(title=f"{NAME}: judged by {result.judge}", title_justify="left")
    shown.add_column("")
    for name in result.scores:
        shown.add_column(name, justify="right")
    scores = result.scores.values()
    intervals = [score.vip for score in scores]
    shown.add_row(NAME, *("-" if one is None else f"{one.value:.3f}" for one in intervals))
    shown.add_row(
        "  95 % interval",
        *("-" if one is None else f"{one.low:.3f} to {one.high:.3f}" for one in intervals),
    )
    shown.add_row("fragments", *(str(score.fragments) for score in scores))
    shown.add_row("  valid", *(str(score.valid) for score in scores))
    for check in CHECKS:
        shown.add_row(f"  fail {check}", *(str(score.failed[check]) for score in scores))
    shown.add_row("  unjudged", *(str(score.unjudged) for score in scores))
    return shown


if __name__ == "__main__":
    sys.exit(main())
