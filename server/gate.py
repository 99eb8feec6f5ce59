"""Who may use this server at all: origin of the page, key."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.config import Settings
from server.moves import Refusal
from server.wire import CloseCode


def refusal(client: HTTPConnection, settings: Settings) -> Refusal | None:
    """Why this client is turned away; None when it may go on."""
    origin = client.headers.get("origin")
    if origin is not None and not origin_allowed(origin, client.headers.get("host", ""), settings):
        message = f"pages of {origin[:100]!r} may not use this server; see allowed_origins"
        return Refusal("origin_not_allowed", message, CloseCode.UNAUTHORISED)
    if not _has_key(client, settings):
        message = "the key is missing or wrong; send Authorization: Bearer KEY or ?access_token=KEY"
        return Refusal("unauthorised", message, CloseCode.UNAUTHORISED)
    return None


def origin_allowed(origin: str, host: str, settings: Settings) -> bool:
    """Whether a page of `origin` may connect to a server it reached as `host` (a Host header).

    Browsers send Origin and cannot forge it; other clients send none. The same host is allowed,
    but a server on a loopback address only under a loopback name: else any web page could point
    a name of its own at 127.0.0.1.
    """
    allowed = settings.allowed_origins
    if "*" in allowed or origin.lower() in allowed:
        return True
    if urlsplit(origin).netloc.lower() != host.lower() or not host:
        return False
    return _is_loopback(urlsplit(f"//{host}").hostname) or not _is_loopback(settings.host)


def _is_loopback(name: str | None) -> bool:
    if not name:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _has_key(client: HTTPConnection, settings: Settings) -> bool:
    if settings.api_key is None:
        return True
    scheme, _, bearer = client.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else ""
    given = given or client.query_params.get("access_token", "")
    return hmac.compare_digest(given.encode(), settings.api_key.get_secret_value().encode())
