"""Plots of chunk lag as inline SVG. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.markup import Markup, clock, joined, tag

_WIDTH, _HEIGHT = 720.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 84.0, 34.0, 40.0
_MOST_BINS = 32
_MOST_TICKS = 12
_MINUTE_STEPS_S = (10, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Numbers from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of `value`."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def histogram(lags_s: Sequence[float], marks: Mapping[str, float]) -> Markup:
    """How many chunks have which lag, with a line at each of `marks` (name to seconds).

    Both in seconds; `lags_s` holds at least one.
    """
    span = max(lags_s) - min(0.0, *lags_s)
    width = round_step(span / _MOST_BINS)
    bins = Counter(math.floor(lag / width + 1e-9) for lag in lags_s)
    first, last = min(0, *bins), max(bins) + 1
    most = max(bins.values())
    across = _Axis(first * width, last * width, _LEFT, _WIDTH - _RIGHT)
    up = _Axis(0, most, _HEIGHT - _BOTTOM, _TOP)
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
        left = x > _WIDTH / 2  # its words go where there is room
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
    bottom = _bottom(across, "lag of a chunk, s", clocks=False)
    side = _side(up, "chunks", whole=True)
    return _figure(f"Histogram of the lag of {len(lags_s)} chunks", bottom, side, bars, *lines)


def lag_plot(
    points: Sequence[tuple[float, float]], duration_s: float, marks: Mapping[str, float]
) -> Markup:
    """The lag of chunks over the recording, with a line at each of `marks` (name to seconds).

    points: where a chunk's audio ends and its lag, seconds, in order; at least one.
    """
    lags = [lag for _, lag in points]
    across = _Axis(0, max(duration_s, *(at for at, _ in points)), _LEFT, _WIDTH - _RIGHT)
    up = _Axis(min(0.0, *lags), max(1.0, *lags), _HEIGHT - _BOTTOM, _TOP)
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
            tag("line", class_="mark", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y),
            tag(
                "text",
                f"{name} {value:.2f} s",
                class_="mark-name",
                x=_WIDTH - _RIGHT + 6,
                y=name_y,
            ),
        ]
    bottom = _bottom(across, "place in the recording", clocks=True)
    side = _side(up, "lag, s")
    path = tag("polyline", class_="trace", points=trace)
    return _figure(f"Lag of {len(points)} chunks over time", bottom, side, path, dots, *lines)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`."""
    if least <= 0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= least * (1 - 1e-9))


def _figure(label: str, *content: Markup) -> Markup:
    drawing = tag(
        "svg",
        *content,
        class_="chart",
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        role="img",
        aria_label=label,
    )
    return tag("div", drawing, class_="wide")


def _bottom(axis: _Axis, name: str, *, clocks: bool) -> Markup:
    y = _HEIGHT - _BOTTOM
    span = axis.high - axis.low
    if clocks:
        fitting = (step for step in _MINUTE_STEPS_S if span / step <= _MOST_TICKS)
        step = float(next(fitting, round_step(span / _MOST_TICKS)))
    else:
        step = round_step(span / _MOST_TICKS)
    drawn = [tag("line", class_="axis", x1=axis.start, x2=axis.end, y1=y, y2=y)]
    for value in _ticks(axis, step):
        drawn.append(
            tag(
                "text",
                clock(value) if clocks else f"{value:g}",
                class_="tick",
                x=axis.at(value),
                y=y + 16,
                text_anchor="middle",
            )
        )
    middle = (axis.start + axis.end) / 2
    drawn.append(
        tag("text", name, class_="axis-name", x=middle, y=_HEIGHT - 6, text_anchor="middle")
    )
    return joined(drawn)


def _side(axis: _Axis, name: str, *, whole: bool = False) -> Markup:
    step = round_step((axis.high - axis.low) / 4)
    if whole:
        step = float(math.ceil(step))
    drawn = []
    for value in _ticks(axis, step):
        y = axis.at(value)
        drawn += [
            tag("line", class_="grid", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y),
            tag("text", f"{value:g}", class_="tick", x=_LEFT - 8, y=y + 4, text_anchor="end"),
        ]
    drawn.append(tag("text", name, class_="axis-name", x=4, y=12))
    return joined(drawn)


def _ticks(axis: _Axis, step: float) -> list[float]:
    """The multiples of `step` on it."""
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    return [round(number * step, 9) for number in range(first, last + 1)]
