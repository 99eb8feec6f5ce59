"""What a run leaves for people and for other projects' tools: the page, and their logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation import exports, html
from evaluation.emissions import emissions
from evaluation.report import Row, Target
from evaluation.runs import Run
from evaluation.segmenting import segmented


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
