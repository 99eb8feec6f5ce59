"""Every format: what is written is read again; files by hand; bad rows; no file crashes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glossaries import FORMATS, Entry, Languages, Row, named_format
from glossaries.errors import GlossaryError, UnsupportedFormatError
from glossaries.formats import format_of_suffix, format_of_type
from tests.glossaries.making import TERMS, bad, entries, good, read, written

HARD = (
    Entry("=1+1", "@SUM(A1)", "-x", "+y", ("=a", "'=b")),
    Entry("'=quoted", "''+twice", "'plain", "＝全角"),
    Entry("#no comment", "# no note # really", "# a note", "[domain]", ("#", "|")),
    Entry("a = b", "c = d", "e # f", "g = h]", ("i | j", "k\\", "\\|")),
    Entry("[section]", "[x]", domain="["),
    Entry("end\\", "end\\", "end\\", "end\\", ("end\\",)),
    Entry('"', '""', '","', "\\#"),
    Entry("<b>&amp;</b>", "]]>", "<!-- -->", "&#0;"),
    Entry("source", "target"),
    Entry("\u0301combining first", "x\u200dy"),
)


@pytest.mark.parametrize("form", FORMATS)
@given(given=st.lists(entries(), max_size=8))
@example(given=list(HARD))
@example(given=list(TERMS) * 150)
@settings(max_examples=150)
def test_what_is_written_is_read_again(form: str, given: list[Entry]) -> None:
    rows = read(form, written(form, given))
    assert good(rows) == given
    assert bad(rows) == []


@pytest.mark.parametrize("form", FORMATS)
def test_lines_are_those_of_the_file(form: str) -> None:
    data = written(form, TERMS)
    text = data.decode("utf-8-sig").split("\n")
    for row in read(form, data):
        assert isinstance(row, Row)
        near = "".join(text[row.line - 1 : row.line + 4])
        assert row.entry.source in near


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.binary(max_size=300))
def test_noise_is_reported(form: str, data: bytes) -> None:
    _reported(form, data)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(max_examples=150)
def test_a_damaged_file_is_reported(form: str, data: st.DataObject) -> None:
    whole = written(form, (*TERMS, *HARD))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    wound = data.draw(st.one_of(st.binary(max_size=10), st.sampled_from([b'"', b"<", b"\0", b"&"])))
    _reported(form, whole[:start] + wound + whole[stop:])


@pytest.mark.parametrize("form", FORMATS)
@given(text=st.text(st.sampled_from(list("a=,|#\\\"'\t\n\r[]<>&;/ ")), max_size=60))
def test_marks_without_sense_are_reported(form: str, text: str) -> None:
    _reported(form, text.encode())


def _reported(form: str, data: bytes) -> None:
    with suppress(GlossaryError):
        for row in read(form, data):
            assert row.line >= 1
            assert isinstance(row, Row) or row.reason


def test_formats_are_found_by_name_suffix_and_type() -> None:
    assert named_format("CSV").name == "csv"
    with pytest.raises(UnsupportedFormatError, match="csv, tsv, tbx, txt"):
        named_format("xlsx")
    found = format_of_suffix(".TBX"), format_of_type("text/tab-separated-values")
    assert [one.name for one in found if one] == ["tbx", "tsv"]
    assert format_of_suffix(".xlsx") is None
    assert format_of_type("application/octet-stream") is None


# Tables


def test_spreadsheets_find_no_formula_and_the_right_encoding() -> None:
    given = (Entry("=cmd|'/c calc'!A1", "+1"), Entry("-", "@x"), Entry("＝1", "fine"))
    for form in ("csv", "tsv"):
        data = written(form, given)
        assert data.startswith(b"\xef\xbb\xbf")
        for cell in data.decode("utf-8-sig").replace("\t", ",").replace('"', "").split(","):
            assert cell[:1] not in "=+-@＝" or not cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("马奎尔,Maguire", [Entry("马奎尔", "Maguire")]),
        ("a,b,n,d,x|y\n\n , ,\nc,d", [Entry("a", "b", "n", "d", ("x", "y")), Entry("c", "d")]),
        ("Target, SOURCE,id\nb,a,7", [Entry("a", "b")]),  # columns by name, others left out
        ("原文,译文,备注\n甲,A,注", [Entry("甲", "A", "注")]),
        ('a,"b, c"\nd, "e"', [Entry("a", "b, c"), Entry("d", "e")]),
        ('a,"two\nlines"', [Entry("a", "two lines")]),
        ("a,b,,,", [Entry("a", "b")]),
    ],
)
def test_csv_by_hand(text: str, expected: list[Entry]) -> None:
    assert good(read("csv", text)) == expected
    assert bad(read("csv", text)) == []
    if '"' not in text:
        assert good(read("tsv", text.replace(",", "\t"))) == expected


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a,b\nc", 2, "target is empty"),
        ("source,target\na,b\n,d", 3, "source is empty"),
        ("a,b\n\nc,\x1bd", 3, "target holds U+001B"),
        ("a,b\nc,1,2,3,4,5", 2, "6 cells for 5 columns"),
        ("source,target\na,b,c", 2, "3 cells for 2 columns"),
        ('a,b\n"c"d,e\nf,g', 2, "cannot be read"),
        ('a,b\nc,"d\ne,f\ng,h', 2, "cannot be read"),
        ('a,b\nc,"d' + "\nx,y" * 30, 2, "quote that is not closed"),
        ("a,b\n" + "c" * 70_000 + ",d\ne,f", 2, "longer than 65536"),
        ("a,b\nc," + "d" * 501, 2, "target has 501 characters"),
    ],
)
def test_bad_rows_of_tables_are_told_and_cost_no_others(text: str, line: int, words: str) -> None:
    rows = read("csv", text)
    first = bad(rows)[0]
    assert first.line == line
    assert words in str(first).replace("  ", " ")
    later = [row.line for row in rows if isinstance(row, Row) and row.line > line]
    assert later == list(range(line + 1, text.count("\n") + 2))


# Plain text


def test_plain_text_by_hand() -> None:
    text = """\
        # names
        马奎尔 | 马亏尔 | 麦奎尔 = Maguire # the footballer
        C# = C#编程语言

        [ 医学 ]
        心梗=myocardial infarction
        a\\=b = c\\#d #note\\| kept
        path C:\\new = D:\\x
        列\tcolumn\ta note
        列二\tcolumn two\t\tphysics\t列尔|列而
        []
        最后 = last #
    """
    assert good(read("txt", text.replace("        ", ""))) == [
        Entry("马奎尔", "Maguire", "the footballer", "", ("马亏尔", "麦奎尔")),
        Entry("C#", "C#编程语言"),
        Entry("心梗", "myocardial infarction", domain="医学"),
        Entry("a=b", "c#d", "note| kept", "医学"),
        Entry("path C:\\new", "D:\\x", domain="医学"),
        Entry("列", "column", "a note", "医学"),
        Entry("列二", "column two", "", "physics", ("列尔", "列而")),
        Entry("最后", "last"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no separator", "neither = nor a tab"),
        ("= target", "source is empty"),
        ("source =", "target is empty"),
        ("source = # only a note", "target is empty"),
        ("a\tb\tc\td\te\tf", "6 columns"),
        ("\tb", "source is empty"),
        ("[" + "d" * 101 + "]\na = b", "domain has 101"),
        ("x" * 70_000, "longer than 65536"),
    ],
)
def test_bad_lines_of_plain_text_are_told(text: str, words: str) -> None:
    rows = read("txt", f"甲 = A\n{text}\n[]\n乙 = B")
    assert good(rows) == [Entry("甲", "A"), Entry("乙", "B")]
    (problem,) = bad(rows)
    assert problem.line == 2 + text.count("\n")
    assert words in str(problem)


def test_the_languages_of_a_glossary_are_written() -> None:
    languages = Languages("de-AT", "fr")
    data = written("tbx", TERMS, languages)
    assert good(read("tbx", data, languages)) == list(TERMS)
    turned = good(read("tbx", data, Languages("fr", "de")))
    assert (turned[0].source, turned[0].target) == ("Maguire", "马奎尔")
