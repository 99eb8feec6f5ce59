"""Systems beside each other: which are on the frontier of quality and latency, and whether one
differs from another beyond chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation import bootstrap
from evaluation.latency import by_instance
from evaluation.measured import Measured


@dataclass(frozen=True, slots=True)
class Point:
    """A system's quality and latency. family: what it is a setting of, e.g. its policy.

    bleu: by segment; yaal_*: LongYAAL in seconds, computation-unaware and -aware.
    """

    name: str
    family: str
    bleu: float
    yaal_unaware: float
    yaal_aware: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A system less the first one, over the same segments. yaal: computation-aware, seconds.

    None where one of the two has no such score.
    """

    name: str
    bleu: bootstrap.Paired | None
    chrf: bootstrap.Paired | None
    yaal: bootstrap.Paired | None


def points(systems: Iterable[Measured]) -> list[Point]:
    """Of those that have a score and a latency."""
    found = []
    for one in systems:
        if not one.rows:
            continue
        figures = one.rows[-1].streamed
        quality, times = figures.texts.by_segment, figures.times
        if quality is None or times is None:
            continue
        if times.yaal_unaware is None or times.yaal_aware is None:
            continue
        found.append(
            Point(one.name, one.system.family, quality.bleu, times.yaal_unaware, times.yaal_aware)
        )
    return found


def frontier(found: Sequence[Point]) -> list[Point]:
    """Those that no other beats in BLEU and computation-aware latency at once, by latency."""
    best = [point for point in found if not any(_beats(other, point) for other in found)]
    return sorted(best, key=lambda point: (point.yaal_aware, -point.bleu))


def _beats(one: Point, other: Point) -> bool:
    """At least as good in both, and better in one."""
    mine, its = (one.bleu, -one.yaal_aware), (other.bleu, -other.yaal_aware)
    return mine != its and all(a >= b for a, b in zip(mine, its, strict=True))


def differences(first: Measured, others: Iterable[Measured]) -> list[Difference]:
    """Of each of `others` that was measured over the segments of `first`: a paired bootstrap.

    A recording that either lacks makes the segments others, and the system is left out.
    """
    if not first.cuts:
        return []
    return [
        _difference(other, first)
        for other in others
        if other.cuts and _segments(other) == _segments(first)
    ]


def _segments(one: Measured) -> list[tuple[str, str]]:
    return [(instance.recording, instance.reference) for instance in one.cuts[-1].instances]


def _difference(one: Measured, first: Measured) -> Difference:
    mine, its = one.cuts[-1].instances, first.cuts[-1].instances
    references = [instance.reference for instance in mine]
    said = [instance.prediction for instance in mine]
    before = [instance.prediction for instance in its]
    language = one.outcome.runs[0].recording.target
    if not references:
        return Difference(one.name, None, None, None)
    delays = None
    if all(row.streamed.times is not None for row in (one.rows[-1], first.rows[-1])):
        delays = _paired(
            bootstrap.mean(by_instance(mine, "yaal", aware=True)),
            bootstrap.mean(by_instance(its, "yaal", aware=True)),
        )
    return Difference(
        one.name,
        _paired(
            bootstrap.bleu(said, references, language),
            bootstrap.bleu(before, references, language),
        ),
        _paired(bootstrap.chrf(said, references), bootstrap.chrf(before, references)),
        delays,
    )


def _paired(one: bootstrap.Statistics, other: bootstrap.Statistics) -> bootstrap.Paired | None:
    try:
        return bootstrap.paired(one, other)
    except bootstrap.BootstrapError:  # one of them said nothing at all
        return None
