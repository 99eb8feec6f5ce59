"""`/v1/glossaries/{name}/entries`: read and search in pages, append, replace, delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from glossaries.entry import Entry
from glossaries.glossary import Numbered
from glossaries.rows import Conflicts, ImportRefusedError, Mode, Problem, Row, make_row
from glossaries.store import MAX_PAGE, LoadOptions
from server.fields import Fields
from server.glossary.desk import (
    Desk,
    GuardedRoute,
    Shared,
    about,
    entry_json,
    not_modified,
    report_json,
)
from server.glossary.errors import refused
from server.glossary.etags import expected_version, unchanged

router = APIRouter(route_class=GuardedRoute)

_MAX_ID = 2**63 - 1
_MAX_DELETED = 1000
_MAX_TEXT_CHARS = 65_536  # of one field; what an entry allows is less, and told with its reason
_MAX_FORMS = 1000
_ENTRIES = "an array of {source, target, note?, domain?, spoken?}"

_EntryId = Annotated[int, Path(ge=1, le=_MAX_ID)]
_EntryIds = Annotated[
    list[Annotated[int, Query(ge=1, le=_MAX_ID)]], Query(min_length=1, max_length=_MAX_DELETED)
]


@router.get("/{name}/entries")
async def read_page(
    request: Request,
    desk: Shared,
    name: str,
    q: str = "",
    after: Annotated[int, Query(ge=0, le=_MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Response:
    """Entries in their order; with `q` those whose source or target holds it."""
    page = await desk.store.page(name, q, after, limit)
    if unchanged(request, page.glossary):
        return not_modified(page.glossary)
    body: dict[str, object] = {
        "name": page.glossary.name,
        "version": page.glossary.version,
        "total": page.total,
        "next": page.next,
        "entries": [entry_json(numbered) for numbered in page.entries],
    }
    return about(page.glossary, body)


@router.post("/{name}/entries")
async def append(
    request: Request,
    desk: Shared,
    name: str,
    mode: Mode = Mode.STRICT,
    conflicts: Conflicts = Conflicts.KEEP,
) -> Response:
    """Append the entries of the body."""
    expected = expected_version(request, required=False)
    return await _load(desk, request, name, LoadOptions(mode, conflicts, False, expected))


@router.put("/{name}/entries")
async def replace_all(
    request: Request,
    desk: Shared,
    name: str,
    mode: Mode = Mode.STRICT,
    conflicts: Conflicts = Conflicts.KEEP,
) -> Response:
    """Put the entries of the body in the place of all. Needs If-Match."""
    expected = expected_version(request, required=True)
    return await _load(desk, request, name, LoadOptions(mode, conflicts, True, expected))


@router.delete("/{name}/entries")
async def remove_many(
    request: Request,
    desk: Shared,
    name: str,
    id: _EntryIds,  # noqa: A002 - the parameter's name in the address
) -> Response:
    """Delete the entries `id`, given once for each; those that are gone already do not matter."""
    return await _remove(desk, request, name, id)


@router.get("/{name}/entries/{number}")
async def read_entry(desk: Shared, name: str, number: _EntryId) -> Response:
    """One entry."""
    glossary, numbered = await desk.store.entry(name, number)
    return about(glossary, entry_json(numbered))


@router.put("/{name}/entries/{number}")
async def replace_entry(request: Request, desk: Shared, name: str, number: _EntryId) -> Response:
    """Put the entry of the body in the place of another. Needs If-Match."""
    expected = expected_version(request, required=True)
    fields = Fields(await desk.bodies.json(request))
    entry = Entry(**_texts(fields), spoken=_spoken(fields))
    glossary = await desk.store.replace_entry(name, number, entry, expected)
    return about(glossary, entry_json(Numbered(number, entry)))


@router.delete("/{name}/entries/{number}")
async def remove_entry(request: Request, desk: Shared, name: str, number: _EntryId) -> Response:
    """Delete one entry."""
    await desk.store.entry(name, number)
    return await _remove(desk, request, name, [number])


async def _remove(desk: Desk, request: Request, name: str, numbers: list[int]) -> Response:
    expected = expected_version(request, required=False)
    glossary, count = await desk.store.remove(name, numbers, expected)
    body: dict[str, object] = {
        "name": glossary.name,
        "version": glossary.version,
        "entries": glossary.entries,
        "deleted": count,
    }
    return about(glossary, body)


async def _load(desk: Desk, request: Request, name: str, options: LoadOptions) -> Response:
    body = await desk.bodies.json(request)
    rows = await run_in_threadpool(lambda: list(_rows(body, desk.store.config.max_entries)))
    try:
        return report_json(await desk.store.load(name, rows, options))
    except ImportRefusedError as error:
        first = error.problems[0]
        field = f"entries[{first.line}]" + (f".{first.field}" if first.field else "")
        message = f"{field} {first.reason}; nothing was kept"
        return refused(message, error.refused, error.problems, field)


def _rows(body: dict[str, Any], most: int) -> Iterator[Row | Problem]:
    """The entries of a body; `line` is the index in the array."""
    fields = Fields(body)
    if "entries" not in body:  # a slip must not empty a glossary
        fields.reject("entries", f"is missing; it must be {_ENTRIES}")
    for index, entry in enumerate(fields.groups("entries", _ENTRIES, most)):
        yield make_row(index, **_texts(entry), spoken=_spoken(entry))


def _texts(fields: Fields) -> dict[str, str]:
    return {
        "source": fields.text("source", _MAX_TEXT_CHARS, empty=True),
        "target": fields.text("target", _MAX_TEXT_CHARS, empty=True),
        "note": fields.text("note", _MAX_TEXT_CHARS, "", empty=True),
        "domain": fields.text("domain", _MAX_TEXT_CHARS, "", empty=True),
    }


def _spoken(fields: Fields) -> tuple[str, ...]:
    return tuple(fields.texts("spoken", "an array of strings", _MAX_FORMS, _MAX_TEXT_CHARS))
