"""Bodies of requests: bounded in bytes, in time and in number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from server.fields import parse_object
from server.glossary.config import GlossarySettings
from server.glossary.errors import HttpError
from server.glossary.spool import spool


class Bodies:
    """Reads bodies, `max_uploads` at most at once.

    Raises HttpError: 408 when a body takes too long, 413 when it is too long, 415 for a type
    that is not accepted, 503 when there was no room for it, within `wait_s` or on the disk.
    """

    def __init__(self, settings: GlossarySettings) -> None:
        self._settings = settings
        self._room = asyncio.Semaphore(settings.max_uploads)

    async def json(self, request: Request) -> dict[str, Any]:
        """The JSON object in the body. Raises also BadMessageError."""
        kind, _ = content_type(request)
        if kind != "application/json":
            raise HttpError(415, "send Content-Type: application/json", "Content-Type")
        async with self.file(request, self._settings.max_body_bytes) as file:
            return await run_in_threadpool(lambda: parse_object(_text(file.read())))

    @asynccontextmanager
    async def file(self, request: Request, most_bytes: int) -> AsyncIterator[BinaryIO]:
        """The body as a file of its own, read from its beginning."""
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most_bytes:
            raise _too_long(most_bytes)
        await self._enter()
        try:
            with spool() as file:
                await self._receive(request, file, most_bytes)
                yield file
        finally:
            self._room.release()

    async def _enter(self) -> None:
        try:
            async with asyncio.timeout(self._settings.wait_s):
                await self._room.acquire()
        except TimeoutError:
            message = "too many uploads arrive at once; try again in a second"
            raise HttpError(503, message, headers={"Retry-After": "1"}) from None

    async def _receive(self, request: Request, file: BinaryIO, most_bytes: int) -> None:
        limit_s = self._settings.body_timeout_s
        received = 0
        try:
            async with asyncio.timeout(limit_s):
                async for chunk in request.stream():
                    received += len(chunk)
                    if received > most_bytes:
                        raise _too_long(most_bytes)
                    await run_in_threadpool(file.write, chunk)
        except TimeoutError:
            raise HttpError(408, f"the body did not arrive within {limit_s:g} s") from None
        await run_in_threadpool(file.seek, 0)


def content_type(request: Request) -> tuple[str, str]:
    """The media type and the charset of the body, in lower case, "" where there is none."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset":
            return kind.strip(), value.strip(' "')
    return kind.strip(), ""


def _too_long(most_bytes: int) -> HttpError:
    return HttpError(413, f"the body is longer than the limit of {most_bytes} bytes")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HttpError(400, f"the body is not UTF-8 (byte {error.start})") from None
