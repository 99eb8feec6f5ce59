"""Entries and files for tests, by hand and by hypothesis."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st
from pydantic import SecretStr

from glossaries import FORMATS, Entry, Languages, Problem, Row, StoreConfig
from glossaries.errors import EntryError
from glossaries.text import clean

MUCH = 2**26

TERMS = (
    Entry("马奎尔", "Maguire", "the footballer", "sports", ("马亏尔", "麦奎尔")),
    Entry("同传", "simultaneous interpretation"),
    Entry("GPU", "graphics processing unit", domain="computing"),
)

_SPECIAL = st.sampled_from(list("=+-@'\"|\\#[],;:<>&%/ \u3000＝＠é́中"))
_ANY = st.characters(exclude_categories=("Cs", "Cc"))


def _kept(text: str) -> str | None:
    try:
        return clean(text, "note", 100)
    except EntryError:
        return None


_TEXT = st.text(st.one_of(_SPECIAL, _ANY), max_size=30).filter(lambda text: _kept(text) is not None)
_FILLED = _TEXT.filter(lambda text: bool(_kept(text)))


def entries() -> st.SearchStrategy[Entry]:
    """Any entry."""
    return st.builds(
        Entry,
        source=_FILLED,
        target=_FILLED,
        note=_TEXT,
        domain=_TEXT,
        spoken=st.lists(_FILLED, max_size=3).map(tuple),
    )


def config(database: Path | str, **settings: object) -> StoreConfig:
    """A configuration with short waits."""
    values: dict[str, object] = {"wait_s": 2, **settings}
    return StoreConfig.model_validate({"url": SecretStr(str(database)), **values})


def written(form: str, given: Iterable[Entry], languages: Languages | None = None) -> bytes:
    """A file of these entries."""
    return b"".join(FORMATS[form].write(given, languages or Languages()))


def read(
    form: str, data: bytes | str, languages: Languages | None = None, encoding: str | None = None
) -> list[Row | Problem]:
    """The rows of a file."""
    raw = data.encode() if isinstance(data, str) else data
    return list(FORMATS[form].read(io.BytesIO(raw), languages or Languages(), MUCH, encoding))


def good(rows: Iterable[Row | Problem]) -> list[Entry]:
    """The entries of the good rows."""
    return [row.entry for row in rows if isinstance(row, Row)]


def bad(rows: Iterable[Row | Problem]) -> list[Problem]:
    """The bad rows."""
    return [row for row in rows if isinstance(row, Problem)]


def rows(*given: Entry) -> list[Row]:
    """As if read from a file, an entry a line."""
    return [Row(line, entry) for line, entry in enumerate(given, 1)]
