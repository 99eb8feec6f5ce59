"""Who may use glossaries: whoever may open a session, by the same origins and the same key."""

from __future__ import annotations

from fastapi import Request

from server.config import Settings
from server.gate import origin_allowed, refusal
from server.glossary.errors import HttpError

_STATUSES = {"origin_not_allowed": 403, "unauthorised": 401}


def check_access(request: Request, settings: Settings) -> None:
    """Raises HttpError 401 or 403 for a client that is turned away."""
    turned_away = refusal(request, settings)
    if turned_away is not None:
        status = _STATUSES[turned_away.code]
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        raise HttpError(status, turned_away.message, headers=headers)
    host = request.headers.get("host", "")
    if "origin" not in request.headers and not _named_rightly(host, settings):
        raise HttpError(403, f"this server is not to be reached as {host[:100]!r}")


def _named_rightly(host: str, settings: Settings) -> bool:
    """Whether a page of the server's own, under the name `host`, would be allowed.

    Browsers send no Origin with a GET of the same origin; a name that some web page had pointed
    at 127.0.0.1 would let it read what the loopback keeps private.
    """
    schemes = ("http", "https")
    return any(origin_allowed(f"{scheme}://{host}", host, settings) for scheme in schemes)
