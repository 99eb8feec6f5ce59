"""`/v1/glossaries`: REST over the store. What each request does is in docs/glossaries.md."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from glossaries.glossary import Languages
from server.fields import Fields
from server.glossary import entries, files
from server.glossary.desk import GuardedRoute, Shared, about, not_modified, summary_json
from server.glossary.errors import NO_STORE
from server.glossary.etags import expected_version, unchanged

PREFIX = "/v1/glossaries"
_MAX_WORD = 1000  # characters of a name or a language; what is allowed is less

router = APIRouter(prefix=PREFIX, route_class=GuardedRoute)


@router.get("")
async def list_glossaries(desk: Shared) -> Response:
    """All glossaries, by name."""
    found = await desk.store.glossaries()
    return JSONResponse({"glossaries": [summary_json(one) for one in found]}, headers=NO_STORE)


@router.post("")
async def create(request: Request, desk: Shared) -> Response:
    """A new, empty glossary."""
    fields = Fields(await desk.bodies.json(request))
    name = fields.text("name", _MAX_WORD, empty=False)
    languages = Languages(
        fields.text("source_language", _MAX_WORD, Languages().source, empty=False),
        fields.text("target_language", _MAX_WORD, Languages().target, empty=False),
    )
    glossary = await desk.store.create(name, languages)
    location = {"Location": f"{PREFIX}/{quote(glossary.name, safe='')}"}
    return about(glossary, summary_json(glossary), 201, location)


@router.get("/{name}")
async def read(request: Request, desk: Shared, name: str) -> Response:
    """What there is to know of a glossary without its entries."""
    glossary = await desk.store.glossary(name)
    if unchanged(request, glossary):
        return not_modified(glossary)
    return about(glossary, summary_json(glossary))


@router.delete("/{name}")
async def delete(request: Request, desk: Shared, name: str) -> Response:
    """Delete a glossary with all its entries; with If-Match only at that version."""
    await desk.store.delete(name, expected_version(request, required=False))
    return Response(status_code=204, headers=NO_STORE)


router.include_router(entries.router)
router.include_router(files.router)
