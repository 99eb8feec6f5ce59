"""What the requests about glossaries share, and how each is guarded and answered."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from prometheus_client import Counter

from glossaries.entry import Entry
from glossaries.glossary import Glossary, Numbered
from glossaries.rows import Report
from glossaries.store import GlossaryStore
from server.config import Settings
from server.glossary.access import check_access
from server.glossary.bodies import Bodies
from server.glossary.errors import HANDLED, NO_STORE, failure, problems_json
from server.glossary.etags import etag


class Desk:
    """One server's store, settings and bodies under way; at `app.state.glossaries`.

    answers: counts them by status.
    """

    def __init__(self, store: GlossaryStore, settings: Settings, answers: Counter) -> None:
        self.store = store
        self.settings = settings
        self.answers = answers
        self.bodies = Bodies(settings.glossaries)


def allowed_desk(request: Request) -> Desk:
    """The desk, for a client that may use it. Raises HttpError 401 or 403."""
    desk: Desk = request.app.state.glossaries
    check_access(request, desk.settings)
    return desk


Shared = Annotated[Desk, Depends(allowed_desk)]


class GuardedRoute(APIRoute):
    """A route whose failures are answered as `failure` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            answers: Counter = request.app.state.glossaries.answers
            try:
                response = await handle(request)
            except HANDLED as error:
                response = failure(error)
            except Exception:
                answers.labels("500").inc()
                raise
            answers.labels(str(response.status_code)).inc()
            return response

        return guarded


def summary_json(glossary: Glossary) -> dict[str, object]:
    """A glossary for a client."""
    return {
        "name": glossary.name,
        "source_language": glossary.languages.source,
        "target_language": glossary.languages.target,
        "version": glossary.version,
        "entries": glossary.entries,
        "updated_at": glossary.updated_at.isoformat(timespec="milliseconds"),
    }


def entry_json(numbered: Numbered) -> dict[str, object]:
    """An entry for a client."""
    entry: Entry = numbered.entry
    return {
        "id": numbered.id,
        "source": entry.source,
        "target": entry.target,
        "note": entry.note,
        "domain": entry.domain,
        "spoken": list(entry.spoken),
    }


def about(
    glossary: Glossary,
    body: dict[str, object],
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An answer about a glossary, with its version as ETag."""
    tagged = {**NO_STORE, "ETag": etag(glossary), **(headers or {})}
    return JSONResponse(body, status, headers=tagged)


def not_modified(glossary: Glossary) -> Response:
    """304: the client has this version."""
    return Response(status_code=304, headers={**NO_STORE, "ETag": etag(glossary)})


def report_json(report: Report) -> JSONResponse:
    """What an import came to, for a client."""
    glossary = report.glossary
    return about(
        glossary,
        {
            "name": glossary.name,
            "version": glossary.version,
            "entries": glossary.entries,
            "added": report.added,
            "replaced": report.replaced,
            "duplicates": report.duplicates,
            "refused": report.refused,
            "problems": problems_json(report.problems),
        },
    )
