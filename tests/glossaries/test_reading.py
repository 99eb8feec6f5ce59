"""From bytes to numbered lines: encodings, line ends, limits."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossaries.encodings import decoded
from glossaries.errors import GlossaryFileError, GlossaryLimitError, UnsupportedFormatError
from glossaries.lines import lines

TEXT = "术语,term\r\n马奎尔,Maguire\r第三,third\n"
LINES = ["术语,term", "马奎尔,Maguire", "第三,third"]


def text_of(data: bytes, encoding: str | None = None, most: int = 10**6) -> str:
    return "".join(decoded(io.BytesIO(data), encoding, most))


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),  # with a mark
        ("utf-16", "gb18030"),  # the mark decides
        ("utf-8-sig", "utf-8"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "UTF-16BE"),
        ("gb18030", "GB18030"),
        ("gbk", "gb2312"),
        ("gbk", "cp936"),
        ("gb18030", "gbk"),
    ],
)
def test_encodings(codec: str, named: str | None) -> None:
    text = text_of(TEXT.encode(codec), named)
    assert [line.text for line in lines([text])] == LINES
    assert [line.number for line in lines([text])] == [1, 2, 3]


def test_a_wrong_encoding_is_told_with_line_byte_and_advice() -> None:
    data = b"a,b\n" * 40_000 + TEXT.encode("gb18030")
    with pytest.raises(GlossaryFileError) as caught:
        text_of(data)
    for words in ("line 40001", "0xCA", "utf-8", "encoding=gb18030"):
        assert words in str(caught.value)
    with pytest.raises(GlossaryFileError, match="line 2"):
        text_of(b"good\r\n\xff\xff", "gb18030")
    with pytest.raises(GlossaryFileError, match="utf-8"):
        text_of("半".encode()[:-1])  # ends in the middle of a character


@pytest.mark.parametrize("name", ["klingon", "utf-7", "unicode_escape", "idna", "base64", "a\0b"])
def test_other_encodings_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="gb18030"):
        text_of(b"x", name)


def test_a_file_over_the_limit_is_refused() -> None:
    assert text_of(b"x" * 1000, most=1000) == "x" * 1000
    with pytest.raises(GlossaryLimitError, match="1000 bytes"):
        text_of(b"x" * 1001, most=1000)


@given(st.lists(st.text("ab\n", max_size=12)))
def test_lines_do_not_depend_on_how_the_text_is_cut(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = text.split("\n")
    if not expected[-1]:
        expected.pop()
    assert [line.text for line in lines(pieces)] == expected
    limited = list(lines(pieces, most=3))
    assert [line.text for line in limited] == [line[:3] for line in expected]
    assert [line.cut for line in limited] == [len(line) > 3 for line in expected]
