"""The browser page: static files with exact types, and headers that confine what it may load."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE_DIR = Path(__file__).resolve().parent.parent / "client_demo"

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".woff2": "font/woff2",
}
"""What is served, and as what; the platform's own table differs from machine to machine."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",  # modules and audio worklets
        "worker-src 'self' blob:",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "media-src 'self' blob: mediastream:",  # files the person chose
        "connect-src 'self' blob: data:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), display-capture=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Names carry no hash, so browsers must ask each time; an unchanged file is a short 304.
    "Cache-Control": "no-cache",
}


class Page(StaticFiles):
    """Serves a folder with `index.html` at its root; only the types above, no hidden files."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path`, or 404."""
        name = PurePosixPath(path)
        if any(part.startswith(".") and part != "." for part in name.parts):
            raise HTTPException(404)
        kind = CONTENT_TYPES.get(name.suffix.lower())
        if kind is None and path != ".":
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if response.status_code in (200, 206):
            response.headers["Content-Type"] = kind or CONTENT_TYPES[".html"]
        response.headers.update(HEADERS)
        return response
