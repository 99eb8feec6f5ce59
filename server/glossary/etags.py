"""A glossary's version as its entity tag (RFC 9110), so that editors do not undo each other."""

from __future__ import annotations

import re

from fastapi import Request

from glossaries.glossary import Glossary
from server.glossary.errors import HttpError

_TAG = re.compile(r'"(\d{1,18})"')


def etag(glossary: Glossary) -> str:
    """The entity tag of a glossary at its version."""
    return f'"{glossary.version}"'


def unchanged(request: Request, glossary: Glossary) -> bool:
    """Whether the client has this version already (If-None-Match)."""
    tags = request.headers.get("if-none-match", "").split(",")
    return any(tag.strip().removeprefix("W/") in (etag(glossary), "*") for tag in tags)


def expected_version(request: Request, *, required: bool) -> int | None:
    """The version in If-Match; None for `*`, and for none unless it is `required`.

    Raises HttpError 428 when it is missing, 400 when it cannot be read.
    """
    sent = request.headers.get("if-match", "").strip()
    if not sent and required:
        raise HttpError(
            428,
            "send If-Match with the ETag of the version you have read, so that nobody's changes "
            "are lost; * overwrites whatever is there",
            "If-Match",
        )
    if sent in ("", "*"):
        return None
    found = _TAG.fullmatch(sent)
    if found is None:
        raise HttpError(400, 'If-Match must be one ETag of this glossary, e.g. "7"', "If-Match")
    return int(found[1])
