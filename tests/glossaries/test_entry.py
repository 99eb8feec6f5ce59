from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossaries import Entry
from glossaries.errors import EntryError
from glossaries.text import clean
from tests.glossaries.making import entries


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  马奎尔\u3000", "马奎尔"),
        ("two\t\r\n  words", "two words"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth, soft\u00adhyphen\ufeff", "zerowidth, softhyphen"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a joiner that the spelling needs
        ("x" * 500, "x" * 500),
        ("一", "一"),
    ],
)
def test_texts_are_cleaned(given: str, kept: str) -> None:
    entry = Entry(given, given, spoken=("form",))
    assert (entry.source, entry.target) == (kept, kept)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \t\u200b", "is empty"),
        ("x" * 501, "501 characters; the limit is 500"),
        ("a\0b", "U+0000"),
        ("a\x1bb", "U+001B (a control character)"),
        ("a\x85b", "U+0085"),
        ("user\u202etxt", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("a\u2066b", "U+2066"),
        ("a\U000e0041b", "TAG LATIN CAPITAL LETTER A"),
        ("a\ud800b", "U+D800"),
        ("Z\ufffdrich", "lost"),
        ("a\uffffb", "U+FFFF"),
    ],
)
def test_what_cannot_be_a_term_is_named(text: str, words: str) -> None:
    for field, texts in (("source", (text, "b")), ("target", ("a", text))):
        with pytest.raises(EntryError) as caught:
            Entry(*texts)
        assert caught.value.field == field
        assert words in str(caught.value)
    with pytest.raises(EntryError, match=r"^spoken "):
        Entry("a", "b", spoken=("good", text))


def test_note_and_domain_have_limits_of_their_own() -> None:
    entry = Entry("a", "b", "n" * 2000, "d" * 100)
    assert (len(entry.note), len(entry.domain)) == (2000, 100)
    with pytest.raises(EntryError, match="note has 2001"):
        Entry("a", "b", "n" * 2001)
    with pytest.raises(EntryError, match="domain has 101"):
        Entry("a", "b", domain="d" * 101)
    with pytest.raises(EntryError, match="spoken has 21 forms"):
        Entry("a", "b", spoken=tuple(map(str, range(21))))


def test_spoken_forms_are_told_apart() -> None:
    entry = Entry("甲", "A", spoken=("乙", " 乙", "甲", "丙"))
    assert entry.spoken == ("乙", "丙")


def test_identity_is_source_and_domain_whatever_their_case_and_width() -> None:
    one = Entry("GPU", "a", domain="IT")
    assert one.identity == Entry("ｇｐｕ", "b", "note", "it").identity
    assert one.identity != Entry("GPU", "a").identity
    assert one.identity != Entry("GPUs", "a", domain="IT").identity
    assert Entry("a", "x", domain="b").identity != Entry("ab", "x").identity


@given(entries())
def test_an_entry_made_of_its_own_texts_is_the_same(entry: Entry) -> None:
    again = Entry(entry.source, entry.target, entry.note, entry.domain, entry.spoken)
    assert again == entry


@given(st.text())
def test_cleaned_text_is_composed_visible_and_stays_as_it_is(text: str) -> None:
    try:
        cleaned = clean(text, "note", 10_000)
    except EntryError:
        return
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == clean(cleaned, "note", 10_000)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in cleaned)
