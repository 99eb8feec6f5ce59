from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.speaking.places import parts, places


def found(name: str, text: str) -> list[str]:
    said = parts(text)
    return [
        "".join(part.unit.raw for part in said[place.start : place.stop])
        for place in places(parts(name), said)
    ]


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("马奎尔", "马奎尔，馬奎爾", ["马奎尔", "马奎尔"]),
        ("马奎尔", "这次马亏尔堵住", ["马亏尔"]),
        ("德布劳内", "对得不牢内再打", ["得不牢内"]),
        ("万比萨卡", "想打万比赛卡的", ["万比赛卡"]),
        ("曼联", "慢联队的反击", ["慢联"]),
        ("C罗", "看C罗射门", ["C罗"]),
        ("罗", "C罗", ["罗"]),
        ("Luke Shaw", "to luke shaw and Luke Shaw", ["LukeShaw"]),
        ("load balancing", "Load balancing", ["Loadbalancing"]),
    ],
)
def test_by_text_and_by_sound(name: str, text: str, there: list[str]) -> None:
    assert found(name, text) == there


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Stones", "throwing stones"),
        ("福登", "负等"),  # two syllables, other tones
        ("罗", "落"),  # one
        ("马奎尔", "马上来了"),
        ("马奎尔", "马。奎尔"),
        ("马奎尔", "马 Quill 尔"),
        ("", "马奎尔"),
        ("马奎尔", ""),
    ],
)
def test_not_there(name: str, text: str) -> None:
    assert found(name, text) == []


@given(st.text(alphabet="马奎尔亏曼联 Luke，", max_size=30), st.text(max_size=6))
def test_places_lie_in_the_text_and_a_name_is_in_itself(text: str, name: str) -> None:
    said, wanted = parts(text), parts(name)
    for place in places(wanted, said):
        assert 0 <= place.start < place.stop <= len(said)
        assert place.stop - place.start == len(wanted)
        assert 0 <= place.distance < 0.1
    if wanted:
        assert next(places(wanted, wanted)).distance == 0
