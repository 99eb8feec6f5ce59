"""What a run leaves: a table, JSON, the page for people, logs for other projects' tools."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from evaluation import exports, html, report
from evaluation.emissions import emissions
from evaluation.report import Row, Target
from evaluation.runs import Outcome, Problem, Run
from evaluation.segmenting import segmented
from evaluation.systems import System

_QUIET = 0.1  # cores of others that a measurement may have beside it


@dataclass(frozen=True, slots=True)
class Measured:
    """One system's outcome. rows: each recording, then all together; none when all failed."""

    system: System
    outcome: Outcome
    rows: Sequence[Row]


def publish(
    measured: Sequence[Measured],
    problems: Sequence[Problem],
    name: str,
    made: Mapping[str, Any],
    args: argparse.Namespace,
    console: Console,
) -> None:
    """All that `args` (see `options`) ask for, of what was measured of recordings called `name`.

    made: the circumstances. The targets are those of the first system. Several systems stand side
    by side, one alone with its recordings. Raises SegmentingError, ExportError.
    """
    usable = [one for one in measured if one.rows]
    first = usable[0]
    shown = first.rows if len(usable) == 1 else [_named(one) for one in usable]
    reached = report.targets(first.rows[-1], args.streams)
    title = _title(name, args)
    report.show(shown, reached, title, console)
    _warn(usable, args, console)
    body = {
        "made": made,
        "rows": [row.as_json() for row in shown],
        "systems": [_system(one) for one in measured] if len(measured) > 1 else [],
        "targets": [asdict(target) | {"met": target.met} for target in reached],
        "problems": [asdict(problem) for problem in problems],
    }
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {args.out}")
    for one in usable:
        label = one.system.name if len(usable) > 1 else ""
        if args.html:
            page = args.html.with_stem("-".join(filter(None, (args.html.stem, label))))
            goals = report.targets(one.rows[-1], args.streams)
            write_page(page, f"{title} {label}".strip(), made, one.rows, goals, one.outcome.runs)
            console.print(f"written: {page}")
        if args.export:
            write_exports(args.export / label, one.outcome.runs)
            console.print(f"written: {args.export / label}")


def _title(name: str, args: argparse.Namespace) -> str:
    how = f", simulated clock, compute {args.virtual}" if args.virtual else ""
    degraded = f", {' '.join(args.degrade)}" if args.degrade else ""
    return f"{name}{degraded}, profile {args.profile}{how}"


def _warn(usable: Sequence[Measured], args: argparse.Namespace, console: Console) -> None:
    others = max((one.rows[-1].cost.others or 0 for one in usable if one.rows[-1].cost), default=0)
    if args.virtual == "measured" and others > _QUIET:
        console.print(
            f"Other processes used {others:.1f} cores: the times above are too long. "
            "Measure on an idle machine, or with --virtual fixed."
        )


def _named(one: Measured) -> Row:
    row = one.rows[-1]
    return Row(one.system.name, row.streamed, row.offline, row.offline_remembered, row.cost)


def _system(one: Measured) -> dict[str, Any]:
    rows = [row.as_json() for row in one.rows]
    return {"name": one.system.name, "settings": one.system.settings, "rows": rows}


def write_page(
    path: Path,
    title: str,
    made: Mapping[str, Any],
    rows: Sequence[Row],
    targets: Sequence[Target],
    runs: Sequence[Run],
) -> None:
    """The HTML report of one system. rows, targets: as `html.render` takes them.

    Raises SegmentingError.
    """
    details = []
    for run in runs:
        for log in run.logs:
            cut = segmented([(run.recording, emissions(log, run.recording.target))])
            outputs = [instance.prediction for instance in cut.instances]
            details.append(html.Detail(run.recording, log, outputs))
    path.write_text(html.render(title, made, rows, targets, details), encoding="utf-8")


def write_exports(folder: Path, runs: Sequence[Run]) -> None:
    """`SESSION/instances.log` for SimulEval and `SESSION/metrics.jsonl` for simulstream, a folder
    for each of the sessions at once.

    Raises ExportError for recordings that were hurried.
    """
    for number in range(max((len(run.logs) for run in runs), default=0)):
        pairs = [(run.recording, run.logs[number]) for run in runs]
        place = folder / str(number + 1)
        place.mkdir(parents=True, exist_ok=True)
        exports.simuleval(place / "instances.log", pairs)
        exports.simulstream(place / "metrics.jsonl", pairs)
