"""Close codes, error codes, and the one mapping from exceptions to them."""

from __future__ import annotations

from enum import IntEnum

from models.errors import (
    AudioFormatError,
    ConfigError,
    EngineBusyError,
    EngineError,
    TongchuanError,
    WeightsError,
)
from server.errors import BadMessageError
from server.events import ErrorReport

SUBPROTOCOL = "tongchuan.v1"


class CloseCode(IntEnum):
    """Why the server closes a socket."""

    ENDED = 1000
    INTERNAL = 1011
    RESTARTING = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHORISED = 4401
    SILENT = 4408
    TOO_LARGE = 4413
    TOO_FAST = 4429


CODES: dict[str, str] = {
    "invalid_json": "a text frame that is not JSON, or a field that appears twice",
    "invalid_message": "JSON that is not an object",
    "invalid_field": "a field is missing, of the wrong type, or over a limit",
    "unknown_type": "a `type` that this version does not have",
    "unsupported_language": "a language that is neither Chinese nor English, or both the same",
    "unsupported_audio": "an encoding, rate or channel count that is not accepted",
    "unknown_glossary": "a name in `glossaries` that the server does not have; it is left out",
    "glossary_unusable": "a glossary that is of other languages, or cannot be read now",
    "too_many_flushes": "more `flush` messages wait for their answer than the limit",
    "out_of_order": "a message that may not come at this point of the session",
    "resume_unsupported": "`session.resume`: start a new session instead",
    "frame_too_large": "a frame over `max_frame_bytes` or `max_text_bytes`",
    "start_timeout": "no `session.start` in time",
    "idle_timeout": "no audio for the idle limit",
    "too_fast": "audio further ahead of real time than `max_buffer_ms`",
    "unauthorised": "the key is missing or wrong",
    "origin_not_allowed": "a page of another origin that is not in `allowed_origins`",
    "no_free_slot": "all slots are taken; `retry_after_s` says when to try again",
    "not_ready": "the models are still loading; `retry_after_s` says when to try again",
    "overloaded": "the server fell too far behind; `retry_after_s` says when to try again",
    "draining": "the server is shutting down or restarting",
    "finish_timeout": "what was owed could not be finished in time",
    "engine_busy": "an engine's queue is full",
    "engine_failed": "an engine failed, and failed again when retried",
    "weights_failed": "model files are missing or damaged",
    "misconfigured": "the server's configuration does not allow this session",
    "internal": "a fault of the server; its log has the details under the session's id",
}
"""Every error code that the server itself sends, and what it means."""

_BY_EXCEPTION: tuple[tuple[type[TongchuanError], str], ...] = (
    (AudioFormatError, "unsupported_audio"),
    (WeightsError, "weights_failed"),
    (EngineBusyError, "engine_busy"),
    (EngineError, "engine_failed"),
    (ConfigError, "misconfigured"),
)
"""The most specific branch first."""


def report(error: BaseException, *, fatal: bool) -> ErrorReport:
    """The `error` event for an exception. Only our own exceptions show their message."""
    while isinstance(error, BaseExceptionGroup):  # of an interpreter's own TaskGroup
        error = error.exceptions[0]
    if isinstance(error, BadMessageError):
        return ErrorReport(error.code, str(error), fatal, error.field)
    for branch, code in _BY_EXCEPTION:
        if isinstance(error, branch):
            return ErrorReport(code, str(error), fatal)
    return ErrorReport("internal", "the server failed; its log has the details", fatal)
