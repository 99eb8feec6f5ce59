"""The formats that glossaries are read from and written in, by name, suffix and content type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from glossaries.encodings import decoded
from glossaries.entry import Entry
from glossaries.errors import UnsupportedFormatError
from glossaries.formats import plain, table, tbx_reading, tbx_writing
from glossaries.glossary import Languages
from glossaries.rows import Rows

_Read = Callable[[Iterator[str], Languages], Rows]
_Write = Callable[[Iterable[Entry], Languages], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    content_types: the first is what an export is sent as.
    mark: whether an export begins with a byte order mark, without which spreadsheets take
        UTF-8 for something else.
    """

    name: str
    suffixes: tuple[str, ...]
    content_types: tuple[str, ...]
    mark: bool
    parse: _Read
    render: _Write

    def read(
        self, file: BinaryIO, languages: Languages, most_bytes: int, encoding: str | None = None
    ) -> Rows:
        """The rows of `file`, good and bad, as they come.

        languages: which of a file's languages are the source's and the target's (TBX).
        Raises GlossaryFileError, GlossaryLimitError or UnsupportedFormatError for the whole file.
        """
        return self.parse(decoded(file, encoding, most_bytes), languages)

    def write(self, entries: Iterable[Entry], languages: Languages) -> Iterator[bytes]:
        """A file with these entries, UTF-8, piece by piece."""
        if self.mark:
            yield "\ufeff".encode()
        for piece in self.render(entries, languages):
            yield piece.encode()


FORMATS = {
    one.name: one
    for one in (
        Format(
            "csv",
            (".csv",),
            ("text/csv", "application/csv", "application/vnd.ms-excel"),
            True,
            table.reader(","),
            table.writer(",", "\r\n"),
        ),
        Format(
            "tsv",
            (".tsv", ".tab"),
            ("text/tab-separated-values",),
            True,
            table.reader("\t"),
            table.writer("\t", "\n"),
        ),
        Format(
            "tbx",
            (".tbx", ".xml"),
            ("application/x-tbx", "application/x-tbx+xml", "application/xml", "text/xml"),
            False,
            tbx_reading.read,
            tbx_writing.write,
        ),
        Format("txt", (".txt",), ("text/plain",), False, plain.read, plain.write),
    )
}
"""By name."""


def named_format(name: str) -> Format:
    """The format of this name. Raises UnsupportedFormatError that lists them."""
    found = FORMATS.get(name.lower())
    if found is None:
        raise UnsupportedFormatError(
            f"the format {name[:40]!r} is not known; use one of: {', '.join(FORMATS)}"
        )
    return found


def format_of_suffix(suffix: str) -> Format | None:
    """The format of files whose name ends in `suffix`, e.g. ".csv"."""
    return next((one for one in FORMATS.values() if suffix.lower() in one.suffixes), None)


def format_of_type(content_type: str) -> Format | None:
    """The format of a content type without its parameters."""
    return next(
        (one for one in FORMATS.values() if content_type.lower() in one.content_types), None
    )
