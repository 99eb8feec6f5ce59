"""Plots of chunk lag as inline SVG. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

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
    round_step,
    side_axis,
)
from evaluation.markup import Markup, clock, joined, tag

_MOST_BINS = 32


def histogram(lags_s: Sequence[float], marks: Mapping[str, float]) -> Markup:
    """How many chunks have which lag, with a line at each of `marks` (name to seconds).

    Both in seconds; `lags_s` holds at least one.
    """
    span = max(lags_s) - min(0.0, *lags_s)
    width = round_step(span / _MOST_BINS)
    bins = Counter(math.floor(lag / width + 1e-9) for lag in lags_s)
    first, last = min(0, *bins), max(bins) + 1
    most = max(bins.values())
    across = Axis(first * width, last * width, LEFT, WIDTH - RIGHT)
    up = Axis(0, most, HEIGHT - BOTTOM, TOP)
    bars = joined(
        tag(
            "rect",
            tag("title", f"{number * width:g} to {(number + 1) * width:g} s: {count} chunks"),
            class_="bar",
            x=across.at(number * width) + 0.5,
            y=up.at(count),
            width=max(1.0, across.at(width) - across.at(0) - 1),
            height=up.at(0) - up.at(count),
            rx=2,
        )
        for number, count in sorted(bins.items())
    )
    lines = []
    for row, (name, value) in enumerate(marks.items()):
        x, y = across.at(value), 12.0 + 14 * row
        left = x > WIDTH / 2  # its words go where there is room
        lines += [
            tag("line", class_="mark", x1=x, x2=x, y1=y + 3, y2=up.at(0)),
            tag(
                "text",
                f"{name} {value:.2f} s",
                class_="mark-name",
                x=x - 5 if left else x + 5,
                y=y,
                text_anchor="end" if left else "start",
            ),
        ]
    bottom = bottom_axis(across, "lag of a chunk, s", clocks=False)
    side = side_axis(up, "chunks", whole=True)
    return figure(f"Histogram of the lag of {len(lags_s)} chunks", bottom, side, bars, *lines)


def lag_plot(
    points: Sequence[tuple[float, float]], duration_s: float, marks: Mapping[str, float]
) -> Markup:
    """The lag of chunks over the recording, with a line at each of `marks` (name to seconds).

    points: where a chunk's audio ends and its lag, seconds, in order; at least one.
    """
    lags = [lag for _, lag in points]
    across = Axis(0, max(duration_s, *(at for at, _ in points)), LEFT, WIDTH - RIGHT)
    up = Axis(min(0.0, *lags), max(1.0, *lags), HEIGHT - BOTTOM, TOP)
    trace = " ".join(f"{across.at(at):.1f},{up.at(lag):.1f}" for at, lag in points)
    dots = joined(
        tag(
            "circle",
            tag("title", f"chunk that ends at {clock(at)}: {lag:.2f} s"),
            class_="dot",
            cx=across.at(at),
            cy=up.at(lag),
            r=3,
        )
        for at, lag in points
    )
    lines = []
    name_y = math.inf  # no two names upon each other
    for name, value in sorted(marks.items(), key=lambda mark: mark[1]):
        y = up.at(value)
        name_y = min(y + 4, name_y - 14)
        lines += [
            tag("line", class_="mark", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y),
            tag(
                "text",
                f"{name} {value:.2f} s",
                class_="mark-name",
                x=WIDTH - RIGHT + 6,
                y=name_y,
            ),
        ]
    bottom = bottom_axis(across, "place in the recording", clocks=True)
    side = side_axis(up, "lag, s")
    path = tag("polyline", class_="trace", points=trace)
    return figure(f"Lag of {len(points)} chunks over time", bottom, side, path, dots, *lines)
