"""Cues fit the screen, keep every word, and only go forward in time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchuan.cues import LINE_WIDTH, LINES, SHORTEST_MS, clean, cues, divide, pieces, width, wrap
from tongchuan.events import ChunkFinal

words = st.text("abcdefg,.!? 你好世界，。《》a\u0301\u3000\n\t\u2028<>&-", max_size=400)


def chunk(
    number: int, start_ms: int, end_ms: int, translation: str, source: str = ""
) -> ChunkFinal:
    return ChunkFinal(number, 0, number, source, translation, start_ms, end_ms)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(words)
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(pieces(clean(text))) == clean(text)


@given(words, st.integers(10, LINE_WIDTH))
def test_lines_fit_and_keep_every_word(text: str, limit: int) -> None:
    lines = wrap(text, limit)
    assert all(line and line == line.strip() for line in lines)
    assert all(width(line) <= LINE_WIDTH for line in lines)
    assert squeezed("".join(lines)) == squeezed(clean(text))


@given(words, st.integers(1, 9))
def test_divided_text_keeps_every_word(text: str, parts: int) -> None:
    shares = divide(text, parts)
    assert len(shares) == parts
    assert squeezed("".join(shares)) == squeezed(clean(text))


spans = st.lists(
    st.tuples(st.integers(0, 100_000), st.integers(-50, 20_000), words, words), max_size=6
)


@given(spans, st.booleans())
def test_cues_fit_go_forward_and_keep_every_word(
    found: list[tuple[int, int, str, str]], bilingual: bool
) -> None:
    chunks = [
        chunk(number, start, start + length, text, source)
        for number, (start, length, text, source) in enumerate(found, 1)
    ]
    made = cues(chunks, bilingual=bilingual)
    for cue in made:
        assert cue.start_ms < cue.end_ms
        assert 1 <= len(cue.lines) <= LINES * (2 if bilingual else 1)
        assert all(line.strip() and width(line) <= LINE_WIDTH for line in cue.lines)
    for cue, following in itertools.pairwise(made):
        assert cue.end_ms <= following.start_ms
    if not bilingual:
        wanted = squeezed("".join(clean(c.translation) for c in chunks))
        assert squeezed("".join(line for cue in made for line in cue.lines)) == wanted


def test_chinese_is_wrapped_by_its_width_and_no_line_begins_with_a_stop() -> None:
    text = "今天我们来讨论一下人工智能在教育领域的应用情况怎么样，以及它对老师和学生的影响。"
    lines = wrap(text)
    assert len(lines) == 2
    assert all(width(line) <= 42 for line in lines)
    assert not any(line[0] in "，。" for line in lines)


def test_two_lines_are_about_as_long() -> None:
    (cue,) = cues([chunk(1, 0, 4000, "We would like to begin with a word about the weather")])
    assert cue.lines == ("We would like to begin with", "a word about the weather")


def test_a_long_chunk_is_divided_in_proportion() -> None:
    text = " ".join(["word"] * 60)
    made = cues([chunk(1, 10_000, 22_000, text)])
    assert len(made) > 2
    assert (made[0].start_ms, made[-1].end_ms) == (10_000, 22_000)
    rates = [sum(map(len, cue.lines)) / (cue.end_ms - cue.start_ms) for cue in made]
    assert max(rates) < 1.2 * min(rates)


def test_both_languages_stand_in_the_same_cue() -> None:
    (cue,) = cues([chunk(1, 0, 2000, "Hello.", "你好。")], bilingual=True)
    assert cue.lines == ("Hello.", "你好。")


def test_overlaps_are_pushed_apart() -> None:
    made = cues([chunk(1, 0, 3000, "One."), chunk(2, 2500, 4000, "Two."), chunk(3, 100, 90, "No.")])
    assert [(cue.start_ms, cue.end_ms) for cue in made[:2]] == [(0, 3000), (3000, 4000)]
    assert made[2].start_ms == 4000


def test_short_cues_stay_on_while_there_is_time() -> None:
    made = cues([chunk(1, 0, 200, "Yes."), chunk(2, 700, 900, "No."), chunk(3, 5000, 5100, "So.")])
    assert [cue.end_ms for cue in made] == [700, 700 + SHORTEST_MS, 5000 + SHORTEST_MS]


@pytest.mark.parametrize("text", ["", "  ", "\x00\n"])
def test_nothing_to_read_is_no_cue(text: str) -> None:
    assert cues([chunk(1, 0, 1000, text, "嗯")], bilingual=True) == []
