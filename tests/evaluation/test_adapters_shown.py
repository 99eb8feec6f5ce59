"""What may still be taken back is a preview; what is committed stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.adapters import shown as text_shown
from evaluation.adapters.shown import TAKEN_BACK, Shown
from evaluation.conversation import ReplayError
from evaluation.emissions import emissions, translation
from evaluation.log import Received, SessionLog
from tongchuan.events import Notice, SessionEnded, TranslationDelta, TranslationPreview


def told(*shown: str | tuple[str, str], language: str = "en") -> tuple[Received, ...]:
    """A text, or a text and its tail, a second; over a second after the last."""
    text = Shown("zh-made", language)
    for at_s, item in enumerate(shown, 1):
        text.change(at_s, at_s * 1000, *(item if isinstance(item, tuple) else (item,)))
    text.end(len(shown) + 1, len(shown) * 1000)
    return text.received()


def log(received: tuple[Received, ...]) -> SessionLog:
    return SessionLog("zh-made", 10.0, 1.0, received)


def deltas(received: tuple[Received, ...]) -> list[tuple[float, str]]:
    return [(r.at_s, r.event.delta) for r in received if isinstance(r.event, TranslationDelta)]


def previews(received: tuple[Received, ...]) -> list[tuple[float, str]]:
    return [(r.at_s, r.event.text) for r in received if isinstance(r.event, TranslationPreview)]


def test_text_that_only_grows_is_committed_as_it_comes() -> None:
    found = told("We wi", "We will", "We will", "We will meet.")
    assert deltas(found) == [(1, "We wi"), (2, "ll"), (4, " meet.")]
    assert not previews(found)
    assert found[-1].event == SessionEnded(4, 5000, audio_ms=4000)


def test_text_is_committed_when_it_is_out_of_reach() -> None:
    """`meat` was changed 4 characters before the end, so what lies 4 back is safe: whole words."""
    found = told("We will meat", "We will meet her", "We will meet her now")
    assert deltas(found) == [(1, "We will"), (2, " meet"), (3, " her"), (4, " now")]
    assert previews(found) == [(1, "meat"), (2, "her"), (3, "now"), (4, "")]
    notices = [item.event for item in found if isinstance(item.event, Notice)]
    assert [notice.code for notice in notices] == [TAKEN_BACK]
    assert "up to 2 characters" in notices[0].message


def test_reach_is_counted_from_the_longest_text() -> None:
    """Taken back twice in a row, two characters each: four in all."""
    found = told("abcdef", "abcd", "ab", "abxyz", language="zh")
    assert deltas(found) == [(1, "ab"), (5, "xyz")]


def test_a_word_is_committed_whole() -> None:
    found = told("one two thr", "one two three fo", "one two three four x", "one two three four")
    assert deltas(found)[0] == (1, "one two")
    assert [word.text for word in emissions(log(found), "en")] == ["one", "two", "three", "four"]


def test_chinese_is_committed_by_characters() -> None:
    found = told("天地玄", "天地元黄", language="zh")
    assert deltas(found) == [(1, "天地"), (2, "元"), (3, "黄")]


def test_a_tail_is_a_preview_until_the_end() -> None:
    found = told(("", "We"), ("We", " will"), ("We will", "meet"), ("We will", "meet her"))
    assert deltas(found) == [(2, "We"), (3, " will"), (5, " meet her")]
    assert previews(found) == [(1, "We"), (2, "will"), (3, "meet"), (4, "meet her"), (5, "")]


def test_silence_is_only_an_end() -> None:
    assert [item.event for item in told()] == [SessionEnded(1, 1000)]


def test_previews_may_be_left_out() -> None:
    text = Shown("zh-made", "en")
    text.change(1.0, 1000, "We", "will")
    text.end(2.0, 1000)
    assert not previews(text.received(previews=False))
    assert [item.event.seq for item in text.received(previews=False)] == [1, 2, 3]


def test_text_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_shown, "MOST_CHARACTERS", 10)
    with pytest.raises(ReplayError, match="zh-made: more text"):
        told("a", "b" * 8, "c")


texts = st.lists(st.text("ab ", max_size=12), max_size=8)


@given(texts, st.sampled_from(["en", "zh"]))
def test_what_is_committed_is_never_changed(shown: list[str], language: str) -> None:
    """Every character of it stands in each later text, and all of the last text is committed."""
    found = told(*shown, language=language)
    assert translation(log(found), language) == (shown[-1] if shown else "").strip()
    committed = ""
    for item in found:
        if isinstance(item.event, TranslationDelta):
            committed += item.event.delta
            for text in shown[int(item.at_s) - 1 :]:
                assert text.startswith(committed)
    assert [item.at_s for item in found] == sorted(item.at_s for item in found)
    assert [item.event.seq for item in found] == list(range(1, len(found) + 1))


@given(texts, st.sampled_from(["en", "zh"]))
def test_the_page_shows_what_the_server_shows(shown: list[str], language: str) -> None:
    """Committed text and preview together, after each message; spaces aside."""
    found = told(*shown, language=language)
    for number, text in enumerate(shown, 1):
        until = [item for item in found if item.at_s <= number]
        committed = "".join(delta for _, delta in deltas(tuple(until)))
        pending = previews(tuple(until))[-1:]
        seen = committed + "".join(text for _, text in pending)
        assert "".join(seen.split()) == "".join(text.split())
