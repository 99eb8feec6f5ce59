"""The report as one HTML file that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from evaluation import versus
from evaluation.comparison import Difference, Point
from evaluation.markup import Markup, escaped, joined, tag
from evaluation.subject import Part, Subject, parts, tiles
from models.errors import TongchuanError

_PAGE = Path(__file__).with_name("report.html")


class PageError(TongchuanError):
    """A report cannot be made. Says what it lacks."""


def render(
    title: str,
    made: Mapping[str, Any],
    subjects: Sequence[Subject],
    points: Sequence[Point] = (),
    differences: Sequence[Difference] = (),
) -> str:
    """The page. made: circumstances of the run, mappings in it too.

    One system has the page for itself. Several are compared first, with their `points` and the
    `differences` from the first, and each has its sections folded up below.

    Raises PageError without rows, PassageError when outputs do not fit their recording.
    """
    if not subjects or not all(subject.rows for subject in subjects):
        raise PageError("a report needs the figures of one recording at least: rows is empty")
    if len(subjects) == 1:
        shown = parts(subjects[0])
    else:
        shown = [
            *versus.parts(subjects, points, differences),
            *(_folded(subject, f"s{number}") for number, subject in enumerate(subjects, 1)),
        ]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=escaped(title),
        tiles=tiles(subjects[0].rows),
        links=joined(tag("a", part.name, href=f"#{part.place}") for part in shown),
        body=joined(
            tag("section", tag("h2", part.name), part.content, id=part.place) for part in shown
        ),
        made=_circumstances(made),
    )


def _folded(subject: Subject, place: str) -> Part:
    """All sections of one system of several."""
    folds = (
        tag("details", tag("summary", part.name), part.content, id=part.place)
        for part in parts(subject, f"{place}-")
    )
    figures = tag("dl", tiles(subject.rows), class_="tiles")
    return Part(place, subject.name, joined([figures, *folds]))


def _circumstances(made: Mapping[str, Any]) -> Markup:
    pairs = []
    for name, value in made.items():
        inner = value if isinstance(value, Mapping) else {name: value}
        pairs += [(key, told) for key, told in inner.items() if told is not None]
    return joined(tag("div", tag("dt", str(k)), tag("dd", str(v))) for k, v in pairs)
