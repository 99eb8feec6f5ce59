"""Every system is a point where it belongs, joined with its family; the frontier is marked."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from evaluation.comparison import Point, frontier
from evaluation.curves import curves

MADE = [
    Point("wait-k 4", "wait-k", 9.0, 1.0, 1.5),
    Point("wait-k 8", "wait-k", 12.0, 2.0, 3.0),
    Point("semantic", "semantic", 12.5, 2.0, 2.5),
]


def elements(markup: str, kind: str) -> list[ElementTree.Element]:
    found = ElementTree.fromstring(markup).iter()
    return [element for element in found if kind in (element.get("class") or "").split()]


def test_a_picture_by_hand() -> None:
    drawn = curves(MADE)
    dots = {(e.findtext("title") or "").split(":")[0]: e for e in elements(drawn, "point")}
    assert set(dots) == {"wait-k 4", "wait-k 8", "semantic"}
    across = {name: float(dot.get("cx", "")) for name, dot in dots.items()}
    up = {name: float(dot.get("cy", "")) for name, dot in dots.items()}
    assert across["wait-k 4"] < across["semantic"] < across["wait-k 8"]
    assert up["semantic"] < up["wait-k 8"] < up["wait-k 4"], "better is higher"
    hollow = {name for name, dot in dots.items() if "hollow" in (dot.get("class") or "")}
    assert hollow == {"wait-k 8"}, "semantic is better and sooner"
    lines = [line.get("points", "").split() for line in elements(drawn, "curve")]
    assert [len(line) for line in lines] == [2, 1]
    assert lines[0][0] == f"{across['wait-k 4']:.1f},{up['wait-k 4']:.1f}"
    assert [e.text for e in elements(drawn, "tick") if e.text in dots] == [
        "semantic",
        "wait-k 8",
        "wait-k 4",
    ]


POINTS = st.lists(
    st.builds(
        Point,
        st.sampled_from(["a", "b < & c", "semantic quickest"]),
        st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        st.floats(0, 60),
        st.floats(-2, 30),
        st.floats(-2, 30),
    ),
    min_size=1,
    max_size=16,
)


@given(POINTS)
def test_all_points_are_within_the_plot(points: list[Point]) -> None:
    drawn = curves(points)
    dots = elements(drawn, "point")
    assert len(dots) == len(points)
    for dot in dots:
        assert 44 <= float(dot.get("cx", "")) <= 720 - 84
        assert 34 <= float(dot.get("cy", "")) <= 240 - 40
    best = frontier(points)
    filled = [dot for dot in dots if "hollow" not in (dot.get("class") or "")]
    assert len(filled) == sum(point in best for point in points)


@given(POINTS)
def test_no_name_lies_upon_another(points: list[Point]) -> None:
    names = [e for e in elements(curves(points), "tick") if e.get("text-anchor") is None]
    places = [(float(e.get("x", "")), float(e.get("y", ""))) for e in names]
    assert len(set(places)) == len(points)
