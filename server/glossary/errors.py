"""Failures as HTTP answers: `{"error": …}` with a field where there is one."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from glossaries.errors import (
    ContradictionError,
    EntryError,
    GlossaryBusyError,
    GlossaryChangedError,
    GlossaryExistsError,
    GlossaryFileError,
    GlossaryLimitError,
    GlossaryUnavailableError,
    InvalidGlossaryError,
    TooManyGlossariesError,
    UnknownEntryError,
    UnknownGlossaryError,
    UnsupportedFormatError,
)
from glossaries.rows import ImportRefusedError, Problem
from models.errors import TongchuanError
from server.errors import BadMessageError

NO_STORE = {"Cache-Control": "no-store"}
_RETRY_S = {GlossaryBusyError: 1, GlossaryUnavailableError: 5}

_STATUSES: tuple[tuple[type[TongchuanError], int], ...] = (
    (UnknownGlossaryError, 404),
    (UnknownEntryError, 404),
    (GlossaryExistsError, 409),
    (ContradictionError, 409),
    (TooManyGlossariesError, 409),
    (GlossaryChangedError, 412),
    (GlossaryLimitError, 413),
    (UnsupportedFormatError, 415),
    (EntryError, 422),
    (InvalidGlossaryError, 422),
    (GlossaryFileError, 422),
    (ImportRefusedError, 422),
    (BadMessageError, 422),
    (GlossaryUnavailableError, 503),
)
"""The most specific branch first."""


class HttpError(TongchuanError):
    """A request that is answered with `status`."""

    def __init__(
        self, status: int, message: str, field: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.field = field
        self.headers = headers or {}


HANDLED = (TongchuanError, RequestValidationError, ClientDisconnect)
"""What `failure` answers; anything else is a fault of ours."""


def failure(error: Exception) -> JSONResponse:
    """The answer to a request that raised one of `HANDLED`."""
    if isinstance(error, RequestValidationError):
        return _invalid_query(error)
    if isinstance(error, HttpError):
        return _answer(error.status, str(error), error.field, error.headers)
    if isinstance(error, ImportRefusedError):
        return refused(str(error), error.refused, error.problems)
    field = error.field if isinstance(error, EntryError | InvalidGlossaryError) else ""
    if isinstance(error, BadMessageError):
        status = 400 if error.code in ("invalid_json", "invalid_message") else 422
        return _answer(status, str(error), error.field)
    for branch, status in _STATUSES:
        if isinstance(error, branch):
            return _answer(status, str(error), field, _retry(error))
    return _answer(400, "the request ended before its body was complete")


def refused(message: str, count: int, problems: Iterable[Problem], field: str = "") -> JSONResponse:
    """422 with the rows that cannot be used."""
    body: dict[str, object] = {"error": message}
    if field:
        body["field"] = field
    body |= {"refused": count, "problems": problems_json(problems)}
    return JSONResponse(body, 422, headers=NO_STORE)


def problems_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Bad rows for a client."""
    return [
        {"line": problem.line, "field": problem.field, "reason": problem.reason}
        for problem in problems
    ]


def _retry(error: Exception) -> dict[str, str]:
    seconds = next((after for kind, after in _RETRY_S.items() if isinstance(error, kind)), None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _invalid_query(error: RequestValidationError) -> JSONResponse:
    """FastAPI's complaint about a parameter of the address."""
    first = error.errors()[0]
    field = str(first["loc"][-1])
    return _answer(422, f"{field}: {first['msg']}", field)


def _answer(
    status: int, message: str, field: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    body = {"error": message, "field": field} if field else {"error": message}
    return JSONResponse(body, status, headers={**NO_STORE, **(headers or {})})
