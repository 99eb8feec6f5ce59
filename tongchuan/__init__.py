"""Tongchuan's command line and its public Python client."""

from __future__ import annotations

from tongchuan.client import Interpreter
from tongchuan.events import (
    AudioAck,
    ChunkFinal,
    ErrorEvent,
    Event,
    Flushed,
    Notice,
    SessionEnded,
    SessionStarted,
    SpeechStarted,
    SpeechStopped,
    Term,
    TranscriptPartial,
    TranslationDelta,
    TranslationPreview,
    UnknownEvent,
)

__version__ = "0.1.0"

__all__ = [
    "AudioAck",
    "ChunkFinal",
    "ErrorEvent",
    "Event",
    "Flushed",
    "Interpreter",
    "Notice",
    "SessionEnded",
    "SessionStarted",
    "SpeechStarted",
    "SpeechStopped",
    "Term",
    "TranscriptPartial",
    "TranslationDelta",
    "TranslationPreview",
    "UnknownEvent",
    "__version__",
]
