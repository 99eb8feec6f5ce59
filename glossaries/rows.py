"""What reading a file yields, row by row, and what importing it came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from glossaries.entry import Entry
from glossaries.errors import EntryError, GlossaryError
from glossaries.glossary import Glossary

MAX_PROBLEMS = 1000
"""Problems told one by one; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """A good row. `line` counts from 1; of several lines it is the first."""

    line: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be used, and why. `field` is "" when it is the row as a whole."""

    line: int
    reason: str
    field: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.field} {self.reason}".replace(":  ", ": ")


Rows = Iterator[Row | Problem]


def make_row(
    line: int,
    source: str,
    target: str,
    note: str = "",
    domain: str = "",
    spoken: Sequence[str] = (),
) -> Row | Problem:
    """The entry of these texts, or what is wrong with them."""
    try:
        return Row(line, Entry(source, target, note, domain, tuple(spoken)))
    except EntryError as error:
        return Problem(line, error.reason, error.field)


class Mode(StrEnum):
    """What becomes of the good rows when others are bad."""

    STRICT = "strict"  # nothing is kept
    LENIENT = "lenient"  # the good ones are kept


class Conflicts(StrEnum):
    """What becomes of a row whose source (and domain) the glossary has with another target."""

    KEEP = "keep"  # what was there first stays; the row is a problem
    REPLACE = "replace"  # the row takes its place


@dataclass(frozen=True, slots=True)
class Report:
    """What an import came to.

    glossary: as it is afterwards.
    duplicates: rows that say what the glossary says already; they are left out.
    refused: rows that could not be used; `problems` tells the first 1000.
    """

    glossary: Glossary
    added: int = 0
    replaced: int = 0
    duplicates: int = 0
    refused: int = 0
    problems: tuple[Problem, ...] = field(default=())


class ImportRefusedError(GlossaryError):
    """A strict import with bad rows: nothing was kept. `problems` tells the first 1000."""

    def __init__(self, refused: int, problems: tuple[Problem, ...]) -> None:
        rows = "1 row" if refused == 1 else f"{refused} rows"
        super().__init__(f"{rows} cannot be used, so nothing was kept; the first: {problems[0]}")
        self.refused = refused
        self.problems = problems
