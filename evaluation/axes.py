"""The frame of a plot as inline SVG: two axes with their ticks and names."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluation.markup import Markup, clock, joined, tag

WIDTH, HEIGHT = 720.0, 240.0
"""Of a plot, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 44.0, 84.0, 34.0, 40.0
"""Between its edges and the axes."""

_MOST_TICKS = 12
_MINUTE_STEPS_S = (10, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of `value`."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`."""
    if least <= 0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= least * (1 - 1e-9))


def figure(label: str, *content: Markup) -> Markup:
    """A plot of `content`, called `label`."""
    drawing = tag(
        "svg",
        *content,
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=label,
    )
    return tag("div", drawing, class_="wide")


def bottom_axis(axis: Axis, name: str, *, clocks: bool = False) -> Markup:
    """The axis below. clocks: its numbers are seconds, shown as minutes."""
    y = HEIGHT - BOTTOM
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
        tag("text", name, class_="axis-name", x=middle, y=HEIGHT - 6, text_anchor="middle")
    )
    return joined(drawn)


def side_axis(axis: Axis, name: str, *, whole: bool = False) -> Markup:
    """The axis on the left, with a grid. whole: whole numbers only."""
    step = round_step((axis.high - axis.low) / 4)
    if whole:
        step = float(math.ceil(step))
    drawn = []
    for value in _ticks(axis, step):
        y = axis.at(value)
        drawn += [
            tag("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y),
            tag("text", f"{value:g}", class_="tick", x=LEFT - 8, y=y + 4, text_anchor="end"),
        ]
    drawn.append(tag("text", name, class_="axis-name", x=4, y=12))
    return joined(drawn)


def _ticks(axis: Axis, step: float) -> list[float]:
    """The multiples of `step` on it."""
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    return [round(number * step, 9) for number in range(first, last + 1)]
