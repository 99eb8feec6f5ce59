from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.listening.listener import Heard
from models.listening.words import Word
from models.pending import Pending
from models.policy import Pause


def words(text: str, at: int = 0) -> tuple[Word, ...]:
    return tuple(
        Word(char, (i,), 100 * (at + i), 100 * (at + i + 1), 0.9) for i, char in enumerate(text)
    )


def heard(stable: str, tail: str = "", at: int = 0, *, pause_ms: int = 0) -> Heard:
    end = 100 * (at + len(stable))
    return Heard(words(stable, at), words(tail, at + len(stable)), end, pause_ms, "zh")


def text(some: tuple[Word, ...]) -> str:
    return "".join(word.text for word in some)


def test_stable_words_are_evidence_and_the_tail_is_not_taken() -> None:
    pending = Pending("zh")
    assert pending.evidence() is None
    pending.hear(heard("", "天"))
    assert pending.evidence() is None
    assert pending.preview_text == "天"
    pending.hear(heard("天地", "玄"))
    seen = pending.evidence()
    assert seen is not None
    assert (text(seen.words), text(seen.tail)) == ("天地", "玄")
    assert (seen.heard_ms, seen.final) == (200, False)
    assert text(pending.take(1)) == "天"
    assert text(pending.uncommitted) == "天地玄"
    assert pending.preview_text == "地玄"
    pending.spoken()
    assert text(pending.uncommitted) == "地玄"


def test_pauses_are_remembered_until_their_words_are_taken() -> None:
    pending = Pending("zh")
    pending.hear(heard("天地", pause_ms=300))
    pending.silent(700, 500)
    pending.hear(heard("玄", at=2))
    seen = pending.evidence()
    assert seen is not None
    assert seen.pauses == {200: Pause(200, 500)}
    pending.take(2)
    seen = pending.evidence()
    assert seen is not None
    assert seen.pauses == {}


def test_a_silence_that_lasts_on_is_known_without_new_words() -> None:
    pending = Pending("zh")
    pending.silent(100, 100)
    assert pending.evidence() is None
    pending.hear(heard("天地", pause_ms=300))
    for silence_ms in (400, 900, 500):
        pending.silent(250 + silence_ms, silence_ms)
    seen = pending.evidence()
    assert seen is not None
    assert seen.pauses == {200: Pause(250, 900)}, "the longest"
    assert seen.paused_ms(2, 900) == 1150
    assert seen.paused_ms(2, 901) is None
    assert seen.paused_ms(1, 1) is None
    assert seen.heard_ms == 200, "that is what the words rest on"


def test_a_marker_makes_what_is_before_it_final() -> None:
    pending = Pending("zh")
    pending.hear(heard("天地"))
    pending.mark("a")
    pending.mark("b")
    pending.hear(heard("玄", "黄", at=2))
    assert pending.reached() is None
    seen = pending.evidence()
    assert seen is not None
    assert (text(seen.words), seen.tail, seen.final) == ("天地", (), True)
    pending.take(2)
    assert [pending.reached(), pending.reached(), pending.reached()] == ["a", "b", None]
    seen = pending.evidence()
    assert seen is not None
    assert (text(seen.words), seen.final) == ("玄", False)


def test_it_is_drained_when_closed_and_empty() -> None:
    pending = Pending("zh")
    pending.hear(heard("天"))
    pending.mark("a")
    assert not pending.drained
    pending.close()
    seen = pending.evidence()
    assert seen is not None
    assert seen.final
    pending.take(1)
    assert not pending.drained, "the marker is to be answered"
    assert pending.reached() == "a"
    assert pending.drained


async def test_it_says_when_something_changed() -> None:
    pending = Pending("zh")
    await pending.changed(0.0)  # nothing did: the time is up
    waiting = asyncio.create_task(pending.changed(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    before = pending.version
    pending.hear(heard("天"))
    await waiting
    assert pending.version > before


async def test_there_is_room_again_when_words_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pending, "LIMIT", 3)
    pending = Pending("zh")
    pending.hear(heard("天地"))
    await asyncio.wait_for(pending.room(), 10)
    pending.hear(heard("玄", at=2))
    waiting = asyncio.create_task(pending.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    pending.take(1)
    await asyncio.wait_for(waiting, 10)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_markers_stand_between_their_words_however_they_are_taken(seed: int) -> None:
    chance = random.Random(seed)
    pending = Pending("zh")
    said: list[str] = []
    out: list[str] = []
    for number in range(60):
        action = chance.randrange(4)
        if action == 0:
            stable = "天地玄黄"[: chance.randrange(5)]
            pending.hear(heard(stable, at=10 * number))
            said += stable
        elif action == 1:
            pending.mark(str(number))
            said.append(str(number))
        else:
            seen = pending.evidence()
            if seen is not None:
                out += text(pending.take(chance.randint(1, len(seen.words))))
            while (marker := pending.reached()) is not None:
                out.append(marker)
    pending.close()
    while not pending.drained:
        seen = pending.evidence()
        if seen is not None:
            assert seen.final
            out += text(pending.take(len(seen.words)))
        while (marker := pending.reached()) is not None:
            out.append(marker)
    assert out == said
