"""`/v1/glossaries/{name}/import` and `/export`: whole files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from glossaries.formats import FORMATS, Format, format_of_type, named_format
from glossaries.glossary import Glossary
from glossaries.rows import Conflicts, Mode
from glossaries.store import LoadOptions
from server.glossary.bodies import content_type
from server.glossary.desk import GuardedRoute, Shared, report_json
from server.glossary.errors import NO_STORE, HttpError
from server.glossary.etags import etag, expected_version
from server.glossary.spool import spool

router = APIRouter(route_class=GuardedRoute)

_CHUNK_BYTES = 65_536


@router.post("/{name}/import")
async def import_file(
    request: Request,
    desk: Shared,
    name: str,
    format: str = "",  # noqa: A002 - the parameter's name in the address
    encoding: str = "",
    mode: Mode = Mode.STRICT,
    conflicts: Conflicts = Conflicts.KEEP,
    replace: bool = False,
) -> Response:
    """Take in the file in the body; with `replace`, which needs If-Match, instead of all."""
    expected = expected_version(request, required=replace)
    form, charset = _form(request, format)
    await desk.store.glossary(name)  # before the whole body is taken
    async with desk.bodies.file(request, desk.store.config.max_file_bytes) as file:
        options = LoadOptions(mode, conflicts, replace, expected)
        report = await desk.store.import_file(
            name, file, form, options, encoding or charset or None
        )
    return report_json(report)


def _form(request: Request, named: str) -> tuple[Format, str]:
    """The format of the body, by its name or else its content type, and its charset."""
    kind, charset = content_type(request)
    if named:
        return named_format(named), charset
    form = format_of_type(kind)
    if form is None:
        accepted = ", ".join(one.content_types[0] for one in FORMATS.values())
        raise HttpError(
            415, f"say what the file is: ?format={'|'.join(FORMATS)}, or send as {accepted}"
        )
    return form, charset


@router.get("/{name}/export")
async def export_file(
    desk: Shared,
    name: str,
    format: str = "csv",  # noqa: A002 - the parameter's name in the address
) -> Response:
    """The whole glossary as a file."""
    form = named_format(format)
    with ExitStack() as closing:
        file = closing.enter_context(spool())
        glossary = await desk.store.export(name, form, file)
        headers = _headers(glossary, form, file.tell())
        file.seek(0)
        return StreamingResponse(
            _pieces(file),
            headers=headers,
            media_type=f"{form.content_types[0]}; charset=utf-8",
            background=BackgroundTask(closing.pop_all().close),
        )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_CHUNK_BYTES):
        yield piece


def _headers(glossary: Glossary, form: Format, size: int) -> dict[str, str]:
    name = quote(f"{glossary.name}{form.suffixes[0]}")
    return {
        **NO_STORE,
        "ETag": etag(glossary),
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
    }
