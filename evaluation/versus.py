"""Several systems beside each other in the HTML report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluation import differences, report
from evaluation.comparison import Difference, Point
from evaluation.curves import curves
from evaluation.markup import joined, tag
from evaluation.subject import Part, Subject, table


def parts(
    subjects: Sequence[Subject], points: Sequence[Point], found: Sequence[Difference]
) -> list[Part]:
    """The sections that compare: at least one subject, all with rows; found: from the first."""
    rows = [replace(subject.rows[-1], name=subject.name) for subject in subjects]
    names = [row.name for row in rows]
    sections = [Part("systems", "Systems", table(names, report.figure_lines(rows)))]
    if points:
        note = tag("p", differences.verdict(points), class_="note")
        sections.append(Part("frontier", "Quality against latency", joined([curves(points), note])))
    if found:
        others = [difference.name for difference in found]
        note = tag("p", "Over the same segments, by a paired bootstrap.", class_="note")
        content = joined([table(others, differences.lines(found)), note])
        sections.append(Part("differences", differences.title(subjects[0].name), content))
    if any(row.cost for row in rows):
        sections.append(Part("costs", report.COST_TITLE, table(names, report.cost_lines(rows))))
    return sections
