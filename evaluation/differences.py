"""How systems differ, in a terminal and as lines for the page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from evaluation import report
from evaluation.bootstrap import Paired
from evaluation.comparison import Difference, Point, frontier
from evaluation.report import Line

_SCORES = (("bleu", "BLEU"), ("chrf", "chrF"), ("yaal", "LongYAAL, aware, s"))


def title(first: str) -> str:
    """Over the differences from the system called `first`."""
    return f"Less {first}: difference, 95 % interval, p"


def lines(found: Sequence[Difference]) -> list[Line]:
    """A cell for each of `found`, from paired bootstraps."""
    return [
        (name, [_cell(getattr(difference, score)) for difference in found])
        for score, name in _SCORES
    ]


def verdict(points: Sequence[Point]) -> str:
    """Which systems no other beats."""
    best = ", ".join(point.name for point in frontier(points))
    return f"On the frontier of BLEU and LongYAAL (computation-aware): {best}."


def show(
    first: str, points: Sequence[Point], found: Sequence[Difference], console: Console
) -> None:
    """Print both, where there are any."""
    if found:
        names = [difference.name for difference in found]
        console.print(report.as_table(title(first), names, lines(found)))
    if points:
        console.print(verdict(points), highlight=False)


def _cell(found: Paired | None) -> str:
    if found is None:
        return "-"
    interval = found.interval
    return (
        f"{found.difference:+.2f} ({interval.low:+.2f} to {interval.high:+.2f}), "
        f"p {found.p_value:.3f}"
    )
