"""Which words of an output belong to a segment, and what stands beside them."""

from __future__ import annotations

import pytest

from evaluation.recordings import Recording
from evaluation.segmenting import Instance
from evaluation.vip.spoken import Spoken, SpokenError, spoken
from tests.evaluation.sessions import recording

TALK = recording(
    (0.0, 1.0, "甲 ", "Alpha"), (1.0, 2.0, "嗯", ""), (2.0, 3.0, "", "Beta"), (3.0, 4.0, "丙", "C")
)


def instances(talk: Recording, *outputs: str) -> list[Instance]:
    segments = zip(talk.referenced, outputs, strict=False)
    return [Instance(talk.id, "word", out, s.target, 1000, (), ()) for s, out in segments]


def test_neighbours_come_along_in_whole_words() -> None:
    """A filler, which has no reference, is none of them."""
    long = " ".join(["outlasting"] * 30)  # 11 characters each
    found = spoken(TALK, instances(TALK, f"go {long}", " said ", f"{long} end"))
    assert [one.key for one in found] == [("zh-made", 1), ("zh-made", 2), ("zh-made", 3)]
    assert found[1] == Spoken(
        "zh-made", 2, "", "Beta", "said", " ".join(["outlasting"] * 7), " ".join(["outlasting"] * 7)
    )
    assert (found[0].before, found[2].after) == ("", "")
    assert (found[0].source, found[0].after) == ("甲", "said")


def test_chinese_is_cut_between_characters() -> None:
    talk = recording((0.0, 1.0, "hi", "你好"), (1.0, 2.0, "bye", "再见"), source="en")
    first, second = spoken(talk, instances(talk, "好" * 100, "见" * 100))
    assert (first.after, second.before) == ("见" * 80, "好" * 80)


def test_silence_is_where_nothing_stands_near() -> None:
    found = spoken(TALK, instances(TALK, "", "", "C"))
    assert [one.silent for one in found] == [True, False, False]


def test_outputs_of_another_recording_are_refused() -> None:
    with pytest.raises(SpokenError, match="zh-made: 1 outputs for 3 segments"):
        spoken(TALK, instances(TALK, "one"))
