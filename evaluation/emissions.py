"""When each word of the committed translation came out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.log import SessionLog
from models.languages import space
from tongchuan.events import TranslationDelta


@dataclass(frozen=True, slots=True)
class Emission:
    """A word (Chinese: a character) and when its last letter was committed.

    heard_ms: the audio that the decision rested on, as the server tells (`heard_ms`), else all
    audio sent by then. at_ms: time on the clock since the first sample was spoken.
    """

    text: str
    heard_ms: float
    at_ms: float


def emissions(log: SessionLog, language: str) -> list[Emission]:
    """The committed translation as OmniSTEval counts it: words, or characters of Chinese."""
    text, sources = _committed(log, language)
    found = []
    for match in units(text, language):
        heard_ms, at_ms = sources[match.end() - 1]
        found.append(Emission(match[0], heard_ms, at_ms))
    return found


def units(text: str, language: str) -> Iterator[re.Match[str]]:
    """Where the units of `text` stand that are counted: words, or characters of Chinese."""
    return re.finditer(r"\S" if language == "zh" else r"\S+", text)


def translation(log: SessionLog, language: str) -> str:
    """All committed text, chunks in order."""
    return _committed(log, language)[0].strip()


def transcript(log: SessionLog, language: str) -> str:
    """The source text of all chunks, in order."""
    return space(language).join(final.source for final in log.finals)


def _committed(log: SessionLog, language: str) -> tuple[str, list[tuple[float, float]]]:
    """The text, and for each of its characters `(heard_ms, at_ms)`."""
    text: list[str] = []
    sources: list[tuple[float, float]] = []
    chunk = 0
    for item in log.received:
        event = item.event
        if not isinstance(event, TranslationDelta):
            continue
        delta = event.delta
        if chunk and event.chunk != chunk and language != "zh":
            delta = " " + delta
        chunk = event.chunk
        heard: int | None = getattr(event, "heard_ms", None)
        when = (float(heard or item.sent_ms), item.at_s * 1000)
        text.append(delta)
        sources += [when] * len(delta)
    return "".join(text), sources
