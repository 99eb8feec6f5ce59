"""Each committed word has the times of the event that completed it."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.emissions import Emission, emissions, transcript, translation
from tests.evaluation.sessions import delta, final, log, preview
from tongchuan.events import TranslationDelta


def test_a_word_counts_when_its_last_letter_is_there() -> None:
    seen = log((1.0, delta(1, "Hel")), (1.5, delta(1, "lo wor")), (2.0, delta(1, "ld.")))
    assert emissions(seen, "en") == [
        Emission("Hello", 1500, 1500),
        Emission("world.", 2000, 2000),
    ]


def test_chunks_are_apart_and_previews_do_not_count() -> None:
    seen = log(
        (1.0, preview("Bye")),
        (2.0, delta(1, "Hello,")),
        (2.1, final(1, "你好，", "Hello,", 900)),
        (3.0, delta(2, "all.")),
        (3.1, final(2, "大家。", "all.", 1900)),
    )
    assert translation(seen, "en") == "Hello, all."
    assert [word.text for word in emissions(seen, "en")] == ["Hello,", "all."]
    assert transcript(seen, "zh") == "你好，大家。"


def test_chinese_is_counted_in_characters() -> None:
    seen = log((1.0, delta(1, "你好")), (2.0, delta(2, "吗")))
    assert [word.text for word in emissions(seen, "zh")] == ["你", "好", "吗"]
    assert translation(seen, "zh") == "你好吗"


@dataclass(frozen=True)
class Telling(TranslationDelta):
    """A delta of a server that tells what it had heard."""

    heard_ms: int = 0


def test_what_the_server_had_heard_goes_before_what_was_sent() -> None:
    seen = log((4.0, Telling(1, 0, 1, "Yes ", 2500)), (5.0, delta(1, "no")))
    assert [word.heard_ms for word in emissions(seen, "en")] == [2500, 5000]


def test_nothing_committed() -> None:
    assert emissions(log((1.0, preview("x"))), "en") == []
    assert translation(log(), "en") == transcript(log(), "en") == ""
