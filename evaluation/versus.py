"""Several systems beside each other in the HTML report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluation import report, standings
from evaluation.comparison import Difference, Point
from evaluation.curves import curves
from evaluation.markup import joined, tag
from evaluation.subject import Part, Subject, table

_NOTE = (
    "Differences are over the same segments, with their 95 % interval and p by a paired bootstrap. "
    "On the frontier is what no other system beats in BLEU and in computation-aware LongYAAL."
)


def parts(
    subjects: Sequence[Subject], points: Sequence[Point], differences: Sequence[Difference]
) -> list[Part]:
    """The sections that compare: at least one subject, all with rows; `differences` are from the
    first."""
    rows = [replace(subject.rows[-1], name=subject.name) for subject in subjects]
    names = [row.name for row in rows]
    standing = table(standings.headings(names[0]), standings.lines(rows, points, differences))
    sections = [Part("systems", "Systems", joined([standing, tag("p", _NOTE, class_="note")]))]
    if points:
        sections.append(Part("frontier", "Quality against latency", curves(points)))
    sections.append(Part("figures", "Figures", table(names, report.figure_lines(rows))))
    if any(row.cost for row in rows):
        sections.append(Part("cost", report.COST_TITLE, table(names, report.cost_lines(rows))))
    return sections
