"""A line for each system, in a terminal and in the page: its scores, how it differs from the first
one beyond chance, and whether it is on the frontier."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from evaluation import report
from evaluation.bootstrap import Paired
from evaluation.comparison import Difference, Point, frontier
from evaluation.report import Line, Row

_FIGURES = (
    ("BLEU", ("streamed", "texts", "by_segment", "bleu"), 1),
    ("chrF", ("streamed", "texts", "by_segment", "chrf"), 1),
    ("CER, WER", ("streamed", "texts", "error"), 3),
    ("LongYAAL, s", ("streamed", "times", "yaal_unaware"), 2),
    ("aware", ("streamed", "times", "yaal_aware"), 2),
    ("compute × real time", ("cost", "compute"), 2),
)
_DIFFERENCES = (("BLEU", "bleu"), ("LongYAAL, aware", "yaal"))
_BEST, _YES = "frontier", "yes"
_SURE = 0.05  # p below which a difference is marked


def headings(first: str) -> list[str]:
    """Over the cells of `lines`. first: the system that the others are compared with."""
    less = [f"{name} less {first}" for name, _ in _DIFFERENCES]
    return [*(name for name, _, _ in _FIGURES), *less, _BEST]


def lines(
    rows: Sequence[Row],
    points: Sequence[Point],
    differences: Sequence[Difference],
    *,
    brief: bool = False,
) -> list[Line]:
    """Of rows that are named after their systems; what is not known of one is a dash.

    brief: of a difference only a star where p is below 0.05, not its interval.
    """
    cell = _brief if brief else _cell
    best = {point.name for point in frontier(points)}
    known = {point.name for point in points}
    compared = {difference.name: difference for difference in differences}
    return [
        (
            row.name,
            [
                *(report.figure(row, path, places) for _, path, places in _FIGURES),
                *(cell(getattr(compared.get(row.name), score, None)) for _, score in _DIFFERENCES),
                (_YES if row.name in best else "no") if row.name in known else "-",
            ],
        )
        for row in rows
    ]


def show(
    rows: Sequence[Row],
    points: Sequence[Point],
    differences: Sequence[Difference],
    title: str,
    console: Console,
) -> None:
    """Print them, within 80 columns; the first of `rows` is what the others are compared with."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("BLEU", "chrF", "err", "YAAL", "late", "work", "BLEU ±", "late ±", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for name, cells in lines(rows, points, differences, brief=True):
        table.add_row(name, *cells[:-1], "●" if cells[-1] == _YES else "")
    console.print(table)
    told = (
        "YAAL, late: LongYAAL without and with compute, s. work: compute × real time. ●: frontier."
    )
    if differences:
        told += f" ±: less {rows[0].name}; * p < {_SURE:g}, paired bootstrap over segments."
    console.print(told, highlight=False)


def _brief(found: Paired | None) -> str:
    if found is None:
        return "-"
    return f"{found.difference:+.2f}" + ("*" if found.p_value < _SURE else "")


def _cell(found: Paired | None) -> str:
    """The difference, its 95 % interval, and p of a paired bootstrap."""
    if found is None:
        return "-"
    low, high = found.interval.low, found.interval.high
    return f"{found.difference:+.2f} ({low:+.2f}, {high:+.2f}; p {found.p_value:.3f})"
