"""What a run leaves: a table, JSON, the page for people, logs for other projects' tools."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from evaluation import comparison, exports, html, judgement, report, standings
from evaluation.measured import Measured
from evaluation.report import Row
from evaluation.runs import Problem, Run
from evaluation.subject import Detail, Subject

_QUIET = 0.1  # cores of others that a measurement may have beside it


def publish(
    measured: Sequence[Measured],
    problems: Sequence[Problem],
    name: str,
    made: Mapping[str, Any],
    args: argparse.Namespace,
    console: Console,
) -> None:
    """All that `args` (see `options`) ask for, of what was measured of recordings called `name`.

    made: the circumstances. The targets are those of the first system. Of several systems the
    terminal shows a line each, of one alone all figures by recording; JSON and page have all.
    Raises ExportError, OSError.
    """
    usable = [one for one in measured if one.rows]
    first, several = usable[0], len(measured) > 1
    shown = [_named(one) for one in usable] if several else first.rows
    reached = report.targets(first.rows[-1], args.streams)
    title = _title(name, args)
    compared = comparison.points(usable) if several else []
    found = comparison.differences(first, usable[1:])
    if several:
        standings.show(shown, compared, found, title, console)
        for row in shown:
            if words := judgement.told(row.judgement):
                console.print(f"{row.name}: {words}", highlight=False)
        report.show_targets(f"{report.TARGETS_TITLE}, {first.name}", reached, console)
    else:
        report.show(shown, reached, title, console)
    _warn(usable, args, console)
    body = {
        "made": made,
        "rows": [row.as_json() for row in shown],
        "systems": [_system(one) for one in measured] if several else [],
        "frontier": [point.name for point in comparison.frontier(compared)],
        "differences": [asdict(difference) for difference in found],
        "targets": [asdict(target) | {"met": target.met} for target in reached],
        "problems": [asdict(problem) for problem in problems],
    }
    args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    console.print(f"written: {args.out}")
    if args.html:
        subjects = [_subject(one, args.streams) for one in usable]
        page = html.render(title, made, subjects, compared, found)
        args.html.write_text(page, encoding="utf-8")
        console.print(f"written: {args.html}")
    if args.export:
        for one in usable:
            folder = args.export / one.name if several else args.export
            write_exports(folder, one.outcome.runs)
            console.print(f"written: {folder}")


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
    return replace(one.rows[-1], name=one.name)


def _system(one: Measured) -> dict[str, Any]:
    rows = [row.as_json() for row in one.rows]
    return {"name": one.system.name, "settings": one.system.settings, "rows": rows}


def _subject(one: Measured, streams: int) -> Subject:
    """For the page."""
    details = []
    for run, cut in zip(one.outcome.runs, one.cuts, strict=False):  # the last cut is of all
        outputs = [instance.prediction for instance in cut.instances]
        each = len(outputs) // len(run.logs)
        details += [
            Detail(run.recording, log, outputs[number * each : (number + 1) * each])
            for number, log in enumerate(run.logs)
        ]
    return Subject(one.name, one.rows, report.targets(one.rows[-1], streams), details)


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
