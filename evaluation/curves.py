"""Quality against latency as inline SVG: a curve for each family of systems."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    bottom_axis,
    figure,
    side_axis,
)
from evaluation.comparison import Point, frontier
from evaluation.markup import Markup, joined, tag

_MARGIN = 0.08  # of an axis, beyond the points
_NAME_HEIGHT = 13.0


def curves(points: Sequence[Point]) -> Markup:
    """BLEU over computation-aware LongYAAL, and the frontier. At least one point.

    Points of a family are joined from left to right; those on the frontier are filled.
    """
    across = _axis([point.yaal_aware for point in points], LEFT, WIDTH - RIGHT)
    up = _axis([point.bleu for point in points], HEIGHT - BOTTOM, TOP)
    best = frontier(points)
    families = list(dict.fromkeys(point.family for point in points))
    drawn = [_edge(best, across, up)]
    for family in families:
        own = [point for point in points if point.family == family]
        own.sort(key=lambda point: point.yaal_aware)
        places = " ".join(f"{across.at(p.yaal_aware):.1f},{up.at(p.bleu):.1f}" for p in own)
        tone = f"tone{families.index(family) % _TONES}"
        drawn.append(tag("polyline", class_=f"curve {tone}", points=places))
        drawn += [_dot(point, tone, across, up, filled=point in best) for point in own]
    drawn.append(_names(points, across, up))
    return figure(
        f"BLEU against LongYAAL of {len(points)} systems",
        bottom_axis(across, "LongYAAL, computation-aware, s (left is sooner)"),
        side_axis(up, "BLEU (up is better)"),
        *drawn,
    )


_TONES = 5


def _axis(values: Sequence[float], start: float, end: float) -> Axis:
    low, high = min(values), max(values)
    margin = (high - low or 1.0) * _MARGIN
    return Axis(low - margin, high + margin, start, end)


def _edge(best: Sequence[Point], across: Axis, up: Axis) -> Markup:
    """The frontier as steps: what can be had at each latency."""
    corners = [(across.at(best[0].yaal_aware), up.start)]
    for point in best:
        x = across.at(point.yaal_aware)
        corners += [(x, corners[-1][1]), (x, up.at(point.bleu))]
    corners.append((across.end, corners[-1][1]))
    return tag(
        "polyline", class_="frontier", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    )


def _dot(point: Point, tone: str, across: Axis, up: Axis, *, filled: bool) -> Markup:
    told = f"{point.name}: BLEU {point.bleu:.2f}, LongYAAL {point.yaal_aware:.2f} s aware, "
    told += f"{point.yaal_unaware:.2f} s unaware" + (", on the frontier" if filled else "")
    return tag(
        "circle",
        tag("title", told),
        class_=f"point {tone}" + ("" if filled else " hollow"),
        cx=across.at(point.yaal_aware),
        cy=up.at(point.bleu),
        r=4.5,
    )


def _names(points: Sequence[Point], across: Axis, up: Axis) -> Markup:
    """A name right of each point, moved down where it would lie upon another."""
    taken: list[tuple[float, float]] = []
    drawn = []
    for point in sorted(points, key=lambda point: -point.bleu):
        x, y = across.at(point.yaal_aware) + 8, up.at(point.bleu) + 4
        while any(
            abs(x - other) < 9 * len(point.name) and abs(y - row) < _NAME_HEIGHT
            for other, row in taken
        ):
            y += _NAME_HEIGHT
        taken.append((x, y))
        drawn.append(tag("text", point.name, class_="tick", x=x, y=y))
    return joined(drawn)
