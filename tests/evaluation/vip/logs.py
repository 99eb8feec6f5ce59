"""Logs of sessions whose chunks are the segments of a recording."""

from __future__ import annotations

from evaluation.log import SessionLog
from tests.evaluation.sessions import delta, final, log


def said(*texts: str, duration_s: float = 4.0) -> SessionLog:
    """A chunk every 2 s, committed as its audio ends."""
    events = [
        (2.0 * number, event)
        for number, text in enumerate(texts, 1)
        for event in (delta(number, text), final(number, "源", text, 2000 * number))
    ]
    return log(*events, duration_s=duration_s)
