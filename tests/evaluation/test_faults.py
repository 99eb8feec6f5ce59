"""Each kind of fault is found where it is, and nothing else is one."""

from __future__ import annotations

import pytest

from evaluation.faults import Fault, faults, invented
from evaluation.recordings import Segment
from tests.evaluation.sessions import final, log, recording
from tongchuan.events import ChunkFinal, ErrorEvent

TALK = recording((0.0, 5.0, "甲", "A"))
SPOKEN = recording((0.0, 5.0, "A", "甲"), source="en")


def kinds(source: str, translation: str, *, english: bool = True) -> list[str]:
    seen = log((3, final(1, source, translation, 2000)))
    return [fault.kind for fault in faults(TALK if english else SPOKEN, seen)]


def test_text_where_nobody_spoke_is_invented() -> None:
    segments = [Segment(1, 2, "甲", "A"), Segment(60, 61, "乙", "B")]
    seen = log((3, final(1, "甲", "A", 2100)), (70, final(2, "", " ", 30_000)), duration_s=99)
    assert invented(seen, segments) == ()
    ghost = ChunkFinal(1, 0, 3, "谢谢", "Thanks", 29_000, 30_000)
    (found,) = invented(log((31, ghost), duration_s=99), segments)
    assert found == Fault("invented", 3, 31, 29.0, "谢谢", "Thanks")
    assert str(found) == "29.0 s: 谢谢 → Thanks"


@pytest.mark.parametrize(("start_ms", "end_ms", "free"), [(2499, 2600, 0), (2500, 2600, 1)])
def test_half_a_second_belongs_to_the_sentence(start_ms: int, end_ms: int, free: int) -> None:
    chunk = ChunkFinal(1, 0, 1, "谢", "Thanks", start_ms, end_ms)
    assert len(invented(log((3, chunk)), [Segment(1, 2, "甲", "A")])) == free


def test_chinese_in_english_is_left_in() -> None:
    assert kinds("他叫陈志远", "His name is 陈志远.") == ["source language"]
    assert kinds("他叫陈志远", "His name is Chen Zhiyuan，") == []


def test_six_words_of_the_source_in_chinese_are_left_in() -> None:
    source = "We call it the Global Alliance of Universities on Climate, right?"
    six, five = "Global Alliance of Universities on Climate", "Global Alliance of Universities on"
    assert kinds(source, f"我们叫它{six}，对吧", english=False) == ["source language"]
    assert kinds(source, f"我们叫它the new {six}，对吧", english=False) == ["source language"]
    assert kinds(source, f"我们叫它{five}气候", english=False) == []
    assert kinds("It’s a long way to go", "it's a long way to go", english=False) == [
        "source language"
    ]
    assert kinds("Something else was said", f"我们叫它{six}", english=False) == []


def test_a_loop_is_found_at_any_place() -> None:
    loop = "we go, " * 4
    assert kinds("甲", f"Then {loop} and so on, until it was all over.") == ["loop"]
    assert kinds("甲", "Then we go, we go, we go home") == []
    assert kinds("a", "然后" + "好的" * 4 + "就结束了", english=False) == ["loop"]
    assert kinds("a", "然后好的好的好的就结束了", english=False) == []


def test_faults_name_the_chunk_and_come_in_order() -> None:
    seen = log(
        (4.0, ErrorEvent(1, 0, "engine_failed", "once")),
        (3.0, final(1, "甲", "一一一一一一", 2000)),  # the clock of a log only grows, but who knows
        (9.0, ChunkFinal(1, 0, 2, "乙", "B", 8000, 9000, 50)),
    )
    found = faults(TALK, seen)
    assert [(fault.kind, fault.chunk, fault.at_s) for fault in found] == [
        ("source language", 1, 3.0),
        ("error", None, 4.0),
        ("invented", 2, 9.0),
    ]
    assert str(found[1]) == "4.0 s: engine_failed: once"
    assert found[2].audio_s == 8.0
