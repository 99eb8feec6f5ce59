"""The table that a bench prints, and the figures of it that are to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation import judgement
from evaluation.judgement import Judgement
from evaluation.measure import Cost, Streamed, Texts

Line = tuple[str, list[str]]
"""A name, and a cell for each row."""

COST_TITLE = "Cost, share of real time"
TARGETS_TITLE = "To reach"


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach. value: None when this run did not measure it."""

    name: str
    value: float | None
    bound: float
    at_most: bool = True

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None when not measured."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.at_most else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """A recording, or all of one direction together. judgement: None when nobody was asked."""

    name: str
    streamed: Streamed
    offline: Texts | None
    offline_remembered: Texts | None
    cost: Cost | None
    judgement: Judgement | None = None

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return asdict(self)


def targets(row: Row, streams: int) -> list[Target]:
    """What is to be reached, of all recordings together."""
    times, texts = row.streamed.times, row.streamed.texts
    worse = ratio = None
    if row.offline is not None:
        if texts.error is not None and row.offline.error is not None:
            worse = texts.error - row.offline.error
        if texts.by_segment and row.offline.by_segment and row.offline.by_segment.bleu:
            ratio = texts.by_segment.bleu / row.offline.by_segment.bleu
    alone = streams == 1
    found = [
        Target("CER, streaming less offline", worse, 0.03),
        Target("BLEU, streaming over offline", ratio, 0.95, at_most=False),
    ]
    if times is not None and alone:
        found += [
            Target("LongYAAL, computation-unaware, s", times.yaal_unaware, 2.5),
            Target("LongYAAL, computation-aware, s", times.yaal_aware, 3.5),
            Target("first source words, p50, s", times.first_source, 1.0),
            Target("first translated words, p50, s", times.first_target, 3.0),
        ]
    if times is not None and not alone:
        found.append(Target(f"lag drift of {streams} streams, s", times.lag_drift, 0.5))
    if row.cost is not None and alone:
        found.append(Target("compute, share of real time", row.cost.compute, 0.6))
    return found


def show(rows: Sequence[Row], reached: Sequence[Target], title: str, console: Console) -> None:
    """Print it all."""
    names = [row.name for row in rows]
    console.print(as_table(title, names, figure_lines(rows)))
    if rows[-1].cost is not None:
        console.print(as_table(COST_TITLE, names, cost_lines(rows)))
    show_targets(TARGETS_TITLE, reached, console)


def show_targets(title: str, reached: Sequence[Target], console: Console) -> None:
    """Print bounds, values and verdicts."""
    checks = Table(title=title, title_justify="left")
    for heading in ("what", "reach", "here", ""):
        checks.add_column(heading, justify="left" if heading == "what" else "right")
    for target, (name, bound, value) in zip(reached, target_lines(reached), strict=True):
        verdict = {True: "[green]yes[/]", False: "[red]no[/]", None: "-"}[target.met]
        checks.add_row(name, bound, value, verdict)
    console.print(checks)


def as_table(title: str, names: Sequence[str], lines: Sequence[Line]) -> Table:
    """For a terminal: a column for each of `names`."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    for name, cells in lines:
        table.add_row(name, *cells)
    return table


def figure_lines(rows: Sequence[Row]) -> list[Line]:
    """All figures but the costs. A name that begins with spaces belongs to the line above it."""

    def line(name: str, *path: str, places: int = 2) -> Line:
        return name, [figure(row, path, places) for row in rows]

    def texts(name: str, *path: str) -> list[Line]:
        return [
            line(f"error rate (CER, WER), {name}", *path, "error", places=3),
            line(f"  numerals as written, {name}", *path, "error_plain", places=3),
            line(f"BLEU, {name}", *path, "by_segment", "bleu"),
            line(f"chrF, {name}", *path, "by_segment", "chrf"),
            line(f"BLEU of whole recordings, {name}", *path, "whole", "bleu"),
        ]

    found = ("streamed", "findings")
    return [
        line("audio, s", "streamed", "duration_s", places=0),
        *texts("streamed", "streamed", "texts"),
        *_interval_lines(rows),
        *texts("offline", "offline"),
        line("BLEU, offline with memory", "offline_remembered", "by_segment", "bleu"),
        line("chrF, offline with memory", "offline_remembered", "by_segment", "chrf"),
        line("LongYAAL, computation-unaware, s", "streamed", "times", "yaal_unaware"),
        line("LongYAAL, computation-aware, s", "streamed", "times", "yaal_aware"),
        line("lag p50, s", "streamed", "times", "lag_p50"),
        line("lag p95, s", "streamed", "times", "lag_p95"),
        line("lag drift, s", "streamed", "times", "lag_drift"),
        line("first source words p50, s", "streamed", "times", "first_source"),
        line("first translated words p50, s", "streamed", "times", "first_target"),
        line("  committed ones, s", "streamed", "times", "first_committed"),
        *_latency_lines(rows),
        line("normalised erasure", "streamed", "erasure"),
        line("  share of reading time erased later", *found, "erased_share"),
        line("  erased text stood, p50, s", *found, "erased_lifetime_s"),
        line("terms, recall", *found, "term_recall"),
        line("terms, precision", *found, "term_precision"),
        line("terms, F1", *found, "term_f1"),
        *judgement.lines([row.judgement for row in rows]),
        line("chunks", "streamed", "chunks", places=0),
        line("segments", "streamed", "segments", places=0),
        line("segments without output", "streamed", "unanswered", places=0),
        ("errors", [str(len(row.streamed.errors)) for row in rows]),
        *_fault_lines(rows),
    ]


def _interval_lines(rows: Sequence[Row]) -> list[Line]:
    """What the resampled segments say of the scores."""

    def cell(row: Row, name: str) -> str:
        interval = getattr(row.streamed.findings, name, None)
        return "-" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}"

    return [
        (f"95 % interval of {title}", [cell(row, name) for row in rows])
        for name, title in (("bleu", "BLEU"), ("chrf", "chrF"), ("yaal", "LongYAAL, aware"))
    ]


def _latency_lines(rows: Sequence[Row]) -> list[Line]:
    """Every other latency metric, computation-unaware / -aware."""

    def cell(row: Row, path: Sequence[str]) -> str:
        both = [
            figure(row, ("streamed", "findings", "latency", clock, *path), 2)
            for clock in ("unaware", "aware")
        ]
        return " / ".join(both)

    metrics = [
        ("StreamLAAL, unaware / aware, s", ("stream_laal",)),
        *((f"Long{name.upper()}, s", ("long", name)) for name in ("al", "laal", "dal")),
        ("LongAP", ("long", "ap")),
        *((f"{name.upper()} of whole recordings, s", ("whole", name)) for name in ("al", "laal")),
        ("first word of a recording (FLAL), s", ("flal",)),
    ]
    return [(name, [cell(row, path) for row in rows]) for name, path in metrics]


_FAULTS = (
    ("invented", "chunks without speech"),
    ("source language", "chunks with source language left in"),
    ("loop", "chunks that loop"),
)


def _fault_lines(rows: Sequence[Row]) -> list[Line]:
    """How many chunks have each fault."""

    def cell(row: Row, kind: str) -> str:
        found = row.streamed.findings
        return "-" if found is None else str(found.faults.get(kind, 0))

    return [(title, [cell(row, kind) for row in rows]) for kind, title in _FAULTS]


def cost_lines(rows: Sequence[Row]) -> list[Line]:
    """Shares of real time, by stage and in all; memory; what other processes used."""
    stages = sorted({stage for row in rows if row.cost for stage in row.cost.stages})
    lines: list[Line] = []
    for stage in stages:
        shares = [row.cost.stages.get(stage) if row.cost else None for row in rows]
        lines.append((stage, [_number(share, 3) for share in shares]))
    for name, field, places in (
        ("compute, all stages", "compute", 3),
        ("processor, of all cores", "cpu", 3),
        ("peak memory, MiB", "peak_mib", 0),
        ("memory growth, MiB", "growth_mib", 0),
        ("cores of other processes", "others", 2),
    ):
        lines.append((name, [figure(row, ("cost", field), places) for row in rows]))
    return lines


def target_lines(reached: Sequence[Target]) -> list[tuple[str, str, str]]:
    """Of each target its name, the bound and the value."""
    return [
        (
            target.name,
            f"{'≤' if target.at_most else '≥'} {target.bound:g}",
            _number(target.value, 3),
        )
        for target in reached
    ]


def figure(row: Row, path: Sequence[str], places: int) -> str:
    """The number at `path` of `row`, or a dash."""
    return _number(_dig(row, path), places)


def _dig(row: Row, path: Sequence[str]) -> float | None:
    value: Any = row
    for name in path:
        value = None if value is None else getattr(value, name)
    return None if value is None else float(value)


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"
