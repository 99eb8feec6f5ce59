from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.listening.words import Word, group, join

TEXT = st.text(alphabet="你好世界机器翻译，。？！ ,.?abcGPU0123456789%'-é😀", max_size=24)


def decoder(pieces: Sequence[bytes]) -> Callable[[Sequence[int]], str]:
    """Decodes as tokenizers does: a character that is not whole becomes U+FFFD."""

    def decode(tokens: Sequence[int]) -> str:
        return b"".join(pieces[token] for token in tokens).decode("utf-8", errors="replace")

    return decode


def grouped(pieces: Sequence[bytes]) -> list[Word]:
    count = len(pieces)
    ends = [100 * (i + 1) for i in range(count)]
    return group(range(count), ends, [0.9] * count, 0, decoder(pieces))


def texts(*pieces: str) -> list[str]:
    return [word.text for word in grouped([piece.encode() for piece in pieces])]


def words(*pieces: str) -> list[Word]:
    return [Word(piece, (), 0, 0, 1.0) for piece in pieces]


@settings(max_examples=60)
@given(text=TEXT, cuts=st.sets(st.integers(1, 60)))
def test_however_tokens_cut_the_bytes_the_text_is_kept(text: str, cuts: set[int]) -> None:
    data = text.encode()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    found = grouped(pieces)
    assert "".join(word.text for word in found) == text
    assert [token for word in found for token in word.tokens] == list(range(len(pieces)))
    starts = [word.start_ms for word in found]
    assert starts == [0, *(word.end_ms for word in found[:-1])][: len(found)]
    assert [w.end_ms for w in found] == [100 * (w.tokens[-1] + 1) for w in found]


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=1, max_size=4), max_size=30))
def test_bytes_that_are_no_text_stop_nothing(pieces: list[bytes]) -> None:
    found = grouped([*pieces, "好".encode(), "的".encode()])
    assert "�" not in "".join(word.text for word in found)
    assert found[-1].text.endswith("的")


def test_a_last_character_that_is_not_whole_is_left_out() -> None:
    found = grouped(["你".encode(), "好".encode()[:2]])
    assert [word.text for word in found] == ["你"]


def test_a_word_has_its_least_probability_and_its_whole_time() -> None:
    data = "国".encode()
    found = group([0, 1, 2], [300, 400, 700], [0.9, 0.2, 0.8], 120,
                  decoder([data[:1], data[1:], b" ok"]))  # fmt: skip
    assert found == [
        Word("国", (0, 1), 120, 400, 0.2),
        Word(" ok", (2,), 400, 700, 0.8),
    ]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((" trans", "form", "er"), [" transformer"]),
        ((" The", " cat", "s"), [" The", " cats"]),
        (("G", "PU", "很", "贵"), ["GPU", "很", "贵"]),
        ((" 70", "%"), [" 70%"]),
        (("3", ".", "5"), ["3.5"]),
        ((" 1", ",", "000", ",", "000"), [" 1,000,000"]),
        ((" 9", ":", "30"), [" 9:30"]),
        ((" don", "'t"), [" don't"]),
        ((" state", "-of", "-", "the"), [" state-of-the"]),
        ((" Yes", ".", " No"), [" Yes", ".", " No"]),
        ((" in", " 2023", ",", " 5"), [" in", " 2023", ",", " 5"]),
        (("在", "2023", "年"), ["在", "2023", "年"]),
        ((" ", "hello"), [" hello"]),
        (("对", ",", "好"), ["对", ",", "好"]),
        (("3", ".", "然后"), ["3", ".", "然后"]),
    ],
)
def test_latin_words_and_numbers_are_one_word(pieces: tuple[str, ...], expected: list[str]) -> None:
    assert texts(*pieces) == expected


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("你好", ",", " 世界", "."), "你好，世界。"),
        (("今天", "?", "对", "!"), "今天？对！"),
        (("一", ";", "二", ":"), "一；二："),
        (("增长", " 3.5", "倍", "."), "增长3.5倍。"),
        (("占", "70%", ","), "占70%，"),
        (("用", " machine", " learning", " 做"), "用machine learning做"),
        (("大约", "1,000", "人"), "大约1,000人"),
        (("九点", "9:30", "开始"), "九点9:30开始"),
        (("我 们", " 走"), "我们走"),
        (("这是", " OK."), "这是OK。"),
    ],
)
def test_chinese_has_full_width_marks_and_no_spaces(pieces: tuple[str, ...], expected: str) -> None:
    assert join(words(*pieces), "zh") == expected


def test_english_keeps_its_marks_and_single_spaces() -> None:
    assert join(words(" Well", ",", " 3.5", "  times", "."), "en") == "Well, 3.5 times."
    assert join([], "en") == join([], "zh") == ""


@settings(max_examples=60)
@given(text=TEXT, at=st.integers(0, 24))
def test_joining_loses_nothing_but_spaces_and_width(text: str, at: int) -> None:
    def bare(text: str) -> str:
        wide = str.maketrans("，？！；：。", ",?!;:.")
        return "".join(text.translate(wide).split())

    for language in ("zh", "en"):
        assert bare(join(words(text[:at], text[at:]), language)) == bare(text)
