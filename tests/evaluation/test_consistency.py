"""Consistency of repeated names on worked examples, and what the ledger does to it in an hour."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.consistency import (
    Consistency,
    ConsistencyError,
    consistency,
    main,
    read_names,
    table,
)
from models.engines.llm import Turn
from models.events import Term
from models.recall.recall import Found
from models.speaking.memory import Memory
from models.speaking.names import Ledger
from tests.evaluation.sessions import final, log

MATCH = (
    ("呦，马奎尔这下。", "Hello, Mackellar."),
    ("这次马亏尔堵住了。", "This time Mackellar stopped."),  # as a recogniser writes it
    ("马奎尔上来了。", "Up came Marquess."),
    ("马奎尔，还是在左路。", "Still on the left wing."),
    ("左侧是卢克肖", "On the left it's Luke Shaw."),
    ("再分给了卢克肖", "Then gave it to Luke Shaw."),
    ("弗雷德", "Fred."),
)
NAMES = {"马奎尔": ["Maguire"], "卢克肖": ["Luke Shaw", "Shaw"], "弗雷德": ["Fred"]}


def renderings(found: Consistency) -> dict[str, list[str]]:
    return {use.name: list(use.renderings) for use in found.names}


def test_the_renderings_of_each_mention() -> None:
    found = consistency(MATCH, NAMES, "en")
    assert renderings(found) == {
        "马奎尔": ["Mackellar", "Mackellar", "Marquess", ""],
        "卢克肖": ["Luke Shaw", "Luke Shaw"],
    }, "弗雷德 comes once"
    assert found.mentions == 6
    assert found.share == pytest.approx((2 + 2) / 6)
    assert found.accepted == pytest.approx(2 / 6)
    assert found.entropy == pytest.approx((4 * 1.5 + 2 * 0) / 6)


def test_an_accepted_rendering_goes_before_what_looks_like_a_name() -> None:
    chunks = [
        ("马奎尔和京多安", "Maguire and Ginobili"),
        ("京多安，马奎尔", "Ginobili and Maguire"),
    ]
    names = {"京多安": ["Gundogan"], "马奎尔": ["Maguire"]}
    assert renderings(consistency(chunks, names, "en")) == {
        "京多安": ["Ginobili"] * 2,
        "马奎尔": ["Maguire"] * 2,
    }


def test_each_rendering_is_for_one_name_that_it_goes_with() -> None:
    chunks = [
        ("马奎尔和京多安", "Mackellar and Ginobili"),
        ("京多安射门", "shot by Ginobili"),
        ("马奎尔堵住", "blocked by Mackellar"),
    ]
    found = consistency(chunks, {"京多安": [], "马奎尔": []}, "en")
    assert renderings(found) == {
        "京多安": ["Ginobili"] * 2,
        "马奎尔": ["Mackellar"] * 2,
    }
    assert found.share == 1.0


def test_the_first_word_of_a_sentence_is_the_last_choice() -> None:
    chunks = [("等着卢克肖呢", "Waiting for Lukasz?"), ("卢克肖射门", "and the shot.")]
    found = consistency(chunks, {"卢克肖": []}, "en")
    assert renderings(found) == {"卢克肖": ["Lukasz", ""]}


def test_in_chinese_only_accepted_renderings_are_seen() -> None:
    chunks = [("Maguire is here", "马奎尔来了"), ("and Maguire again", "又是马圭尔")]
    found = consistency(chunks, {"Maguire": ["马奎尔", "麦圭尔"]}, "zh")
    assert renderings(found) == {"Maguire": ["马奎尔", ""]}
    assert found.share == 0.5


def test_nothing_to_measure() -> None:
    for chunks, names in (((), NAMES), (MATCH, {}), (MATCH, {"": [], "。": []})):
        found = consistency(chunks, names, "en")
        assert found.share is found.entropy is found.accepted is None
        assert "no name" in table(found)


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["马奎尔", "卢克肖", "来了，"])).map("".join),
            st.lists(st.sampled_from(["Maguire", "Luke", "Shaw", "came."])).map(" ".join),
        ),
        max_size=20,
    )
)
def test_shares_are_shares(chunks: list[tuple[str, str]]) -> None:
    found = consistency(chunks, NAMES, "en")
    for use in found.names:
        assert 0 <= use.accepted <= len(use.renderings)
        assert 0 <= use.usual <= len(use.renderings)
        assert use.entropy >= 0
        assert (use.entropy == 0) == (len(set(use.renderings)) == 1)
    assert found.share is None or 0 <= found.share <= 1


def test_a_list_of_names_is_read(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\ufeff马奎尔 = Maguire / Harry Maguire\n\n卢克肖\n", encoding="utf-8")
    assert read_names(path) == {"马奎尔": ["Maguire", "Harry Maguire"], "卢克肖": []}


@pytest.mark.parametrize("content", [b"ok = x\n = Maguire\n", b"\xff\xfe\xff"])
def test_a_bad_list_of_names_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    with pytest.raises(ConsistencyError, match=r"names\.txt"):
        read_names(path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for number, half in enumerate((MATCH[:3], MATCH[3:])):
        seen = log(*((at, final(at, *chunk, at * 1000)) for at, chunk in enumerate(half, 1)))
        paths.append(tmp_path / f"{number}.json")
        seen.save(paths[-1])
    names = tmp_path / "names.txt"
    names.write_text("马奎尔 = Maguire\n卢克肖 = Luke Shaw", encoding="utf-8")
    assert main([*map(str, paths), "--names", str(names)]) == 0
    shown = capsys.readouterr().out
    assert "马奎尔: Mackellar 2, Marquess 1, (none) 1" in shown
    assert shown.splitlines()[-1].split() == "6 0.67 1.00 all; accepted renderings 0.33".split()
    assert main([str(paths[0])]) == 0
    assert "no name" in capsys.readouterr().out


def test_the_command_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


# an hour ------------------------------------------------------------------------------------

HEROES = {
    "马奎尔": ("Maguire", "Mackellar", "McGuire"),
    "德布劳内": ("De Bruyne", "De Bruijn", "Debrauney"),
    "坎塞洛": ("Cancelo", "Kancello", "Canselo"),
    "麦克托米奈": ("McTominay", "McTominey", "Mactominay"),
    "拉波尔特": ("Laporte", "Rapporteur", "Laporta"),
    "斯通斯": ("Stones", "Stokes", "Stonesby"),
    "布鲁诺": ("Bruno", "Brunel", "Bluno"),
    "罗德里": ("Rodri", "Rodrigo", "Roderick"),
}
FRAMES = (
    ("这次{}拿到了球", "This time {} got the ball."),
    ("再传给{}", "Another pass to {}."),
    ("看看{}怎么处理", "See how {} handles it."),
    ("左路的{}上来了", "On the left {} comes up."),
)
OTHERS = (("速度能不能提上来", "See if the speed goes up."), ("还是想打肋部", "He plays the ribs."))


class FickleModel:
    """It renders a name as the prompt says, else as its memory does, else as it likes."""

    def __init__(self, *, remembers: bool) -> None:
        self._random = random.Random(7)
        self._memory = Memory(700)
        self._ledger = Ledger("en") if remembers else None

    def translate(self, source: str, name: str, frame: str) -> str:
        found = Found(source)
        if self._ledger:
            found = self._ledger.find(found, self._memory.shows)
        shown = [one for one in HEROES.get(name, ()) if self._memory.shows(Term(name, one))]
        rendering = self._random.choice(HEROES.get(name, ("",)))
        if shown:
            rendering = shown[-1]
        if found.terms:
            rendering = found.terms[0].term.target
        translation = frame.format(rendering)
        self._memory.add(Turn(source, translation))
        if self._ledger:
            self._ledger.learn(source, translation)
        return translation


def hour(*, remembers: bool) -> list[tuple[str, str]]:
    """900 chunks, a name in a seventh of them."""
    order, model, chunks = random.Random(3), FickleModel(remembers=remembers), []
    for number in range(900):
        name = order.choice(list(HEROES)) if number % 7 == 0 else ""
        frames = order.choice(FRAMES if name else OTHERS)
        source = frames[0].format(name)
        chunks.append((source, model.translate(source, name, frames[1])))
    return chunks


def test_with_the_ledger_a_name_stays_the_same_through_an_hour() -> None:
    names = {name: renderings[:1] for name, renderings in HEROES.items()}
    without = consistency(hour(remembers=False), names, "en")
    with_it = consistency(hour(remembers=True), names, "en")
    assert without.share is not None
    assert with_it.share is not None
    assert without.mentions == with_it.mentions > 100
    assert without.share < 0.7
    assert with_it.share >= 0.98
