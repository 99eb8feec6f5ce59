"""CSV (RFC 4180) and TSV in the way of spreadsheets: quoted cells, a header with the columns."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from glossaries.entry import Entry
from glossaries.formats.cells import guard, join_forms, split_forms, unguard
from glossaries.glossary import Languages
from glossaries.lines import MAX_LINE_CHARS, Line, lines
from glossaries.rows import Problem, Row, Rows, make_row

COLUMNS = ("source", "target", "note", "domain", "spoken")
_HEADINGS = {
    **{name: name for name in COLUMNS},
    **{"源": "source", "原文": "source", "译文": "target", "目标": "target"},
    **{"备注": "note", "注释": "note", "领域": "domain", "读音": "spoken", "notes": "note"},
}
_ROW_LINES = 20  # of a quoted cell; a quote that is never closed must not swallow the file
_BATCH = 200  # rows written at a time


class _RowTooLongError(Exception):
    """A quoted cell goes on for too many lines."""


class _Feed:
    """Lines for csv.reader. What a bad row took beyond its first line can be put back."""

    def __init__(self, source: Iterator[Line]) -> None:
        self._source = source
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= _ROW_LINES:
            raise _RowTooLongError
        line = self._again.popleft() if self._again else next(self._source)
        self._taken.append(line)
        return line.text + "\n"

    def begin(self) -> None:
        """The next line is the first of a row."""
        self._taken = []

    @property
    def row(self) -> list[Line]:
        """The lines of the current row so far."""
        return self._taken

    def put_back(self) -> None:
        """Give the lines of the current row after the first out again."""
        self._again.extendleft(reversed(self._taken[1:]))


def reader(delimiter: str) -> Callable[[Iterator[str], Languages], Rows]:
    """A `Format.parse` for tables whose cells are separated by `delimiter`."""

    def parse(pieces: Iterator[str], _languages: Languages) -> Rows:
        columns: tuple[str, ...] | None = None
        for line, cells in _records(lines(pieces), delimiter):
            if isinstance(cells, Problem):
                yield cells
            elif any(cell.strip() for cell in cells):
                if columns is None:
                    columns = _header(cells)
                    if columns:
                        continue
                yield _entry(line, cells, columns or COLUMNS)

    return parse


def _records(source: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Cells of each row with the number of its first line."""
    feed = _Feed(source)
    parsed = csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        feed.begin()
        try:
            cells: list[str] | Problem = next(parsed)
        except StopIteration:
            return
        except _RowTooLongError:
            cells = _broken(feed, "opens a quote that is not closed; write a quote twice")
        except csv.Error as error:
            cells = _broken(feed, f"cannot be read: {error}")
        first = feed.row[0].number
        if any(line.cut for line in feed.row):
            cells = Problem(first, f"is longer than {MAX_LINE_CHARS} characters")
        yield first, cells


def _broken(feed: _Feed, reason: str) -> Problem:
    feed.put_back()
    return Problem(feed.row[0].number, reason)


def _header(cells: list[str]) -> tuple[str, ...]:
    """The column of each cell, "" for one that is not read; () when the row is no header."""
    columns = [_HEADINGS.get(cell.strip().lower(), "") for cell in cells]
    return tuple(columns) if {"source", "target"} <= set(columns) else ()


def _entry(line: int, cells: list[str], columns: tuple[str, ...]) -> Row | Problem:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Problem(
            line, f"has {len(cells)} cells for {len(columns)} columns; quote cells with separators"
        )
    found: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        found.setdefault(column, unguard(cell.strip()))
    return make_row(
        line,
        found.get("source", ""),
        found.get("target", ""),
        found.get("note", ""),
        found.get("domain", ""),
        split_forms(found.get("spoken", "")),
    )


def writer(delimiter: str, line_end: str) -> Callable[[Iterable[Entry], Languages], Iterator[str]]:
    """A `Format.render` for such tables."""

    def render(entries: Iterable[Entry], _languages: Languages) -> Iterator[str]:
        held = io.StringIO()
        out = csv.writer(held, delimiter=delimiter, lineterminator=line_end)
        out.writerow(COLUMNS)
        for count, entry in enumerate(entries, 1):
            cells = (entry.source, entry.target, entry.note, entry.domain)
            out.writerow([*map(guard, cells), guard(join_forms(entry.spoken))])
            if count % _BATCH == 0:
                yield held.getvalue()
                held.seek(0)
                held.truncate()
        yield held.getvalue()

    return render
