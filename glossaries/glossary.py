"""A named glossary, its languages, and what is read from it at one version."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from glossaries.entry import Entry
from glossaries.errors import EntryError, InvalidGlossaryError, UnknownGlossaryError
from glossaries.text import clean

MAX_NAME_CHARS = 100
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")  # of BCP 47, what glossaries need


@dataclass(frozen=True, slots=True)
class Languages:
    """The language of the sources and that of the targets, as BCP 47 tags.

    Raises InvalidGlossaryError for what is no tag, and for twice the same.
    """

    source: str = "zh"
    target: str = "en"

    def __post_init__(self) -> None:
        for field, tag in (("source_language", self.source), ("target_language", self.target)):
            if _TAG.fullmatch(tag) is None:
                raise InvalidGlossaryError(field, f"{tag[:40]!r} is no language tag; write e.g. zh")
        if self.source.lower() == self.target.lower():
            raise InvalidGlossaryError("target_language", f"is the source's too ({self.source})")


@dataclass(frozen=True, slots=True)
class Glossary:
    """What is told of a glossary without reading its entries.

    version: grows with every change; after a deletion and a new beginning under the same name
        it goes on growing.
    """

    name: str
    languages: Languages
    version: int
    entries: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All entries of a glossary at one version, in their order."""

    glossary: Glossary
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry with the id by which it is replaced or deleted. Ids are never used twice."""

    id: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a glossary.

    total: entries that match the query, on all pages.
    next: the `after` of the next page; None on the last.
    """

    glossary: Glossary
    entries: tuple[Numbered, ...]
    total: int
    next: int | None


def valid_name(name: str) -> str:
    """`name` as it is kept: NFC, no space at the ends, 1 to 100 characters.

    Letters and digits of any script, spaces and `-_.`; the first is a letter or a digit, so
    that a name is also a word of an address and of a file name. Raises InvalidGlossaryError.
    """
    try:
        cleaned = clean(name, "name", MAX_NAME_CHARS, empty=False)
    except EntryError as error:
        raise InvalidGlossaryError("name", error.reason) from None
    for index, char in enumerate(cleaned):
        kind = unicodedata.category(char)[0]
        if not (kind in "LN" or (index and (kind == "M" or char in " -_."))):
            raise InvalidGlossaryError(
                "name",
                f"may not have {char!r} there; use letters, digits, spaces and -_. "
                "and begin with a letter or digit",
            )
    return cleaned


def known_name(name: str) -> str:
    """`name` as it would be kept. Raises UnknownGlossaryError when no glossary can have it."""
    try:
        return valid_name(name)
    except InvalidGlossaryError:
        raise UnknownGlossaryError(name) from None
