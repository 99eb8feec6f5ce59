"""What a client saw of one session: every event with the time it came, as a file too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import TongchuanError
from tongchuan.events import EVENT_TYPES, ChunkFinal, Event, UnknownEvent, parse

_NAMES = {kind: name for name, kind in EVENT_TYPES.items()}


class LogError(TongchuanError):
    """A log file cannot be used. Names it."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event, when it came (seconds after the first sample was spoken), and how much audio had
    been sent by then (ms)."""

    at_s: float
    sent_ms: int
    event: Event


@dataclass(frozen=True, slots=True)
class SessionLog:
    """One replay. speed: audio seconds a second; times mean something at 1 only."""

    recording: str
    duration_s: float
    speed: float
    received: tuple[Received, ...]

    @property
    def finals(self) -> list[ChunkFinal]:
        """Its chunks, in order."""
        return [item.event for item in self.received if isinstance(item.event, ChunkFinal)]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        body = asdict(self) | {"received": [_row(item) for item in self.received]}
        path.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")


def load(path: Path) -> SessionLog:
    """A saved log. Raises LogError."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        received = tuple(
            Received(float(row["at_s"]), int(row["sent_ms"]), parse(json.dumps(row["event"])))
            for row in body["received"]
        )
        return SessionLog(
            str(body["recording"]), float(body["duration_s"]), float(body["speed"]), received
        )
    except (OSError, ValueError, KeyError, TypeError, TongchuanError) as error:
        raise LogError(
            f"{path} is not a log of a replay: {type(error).__name__}: {error}"
        ) from None


def _row(item: Received) -> dict[str, Any]:
    event = item.event
    if isinstance(event, UnknownEvent):
        fields: dict[str, Any] = dict(event.fields)
    else:
        fields = {"type": _NAMES[type(event)], **asdict(event)}
    return {"at_s": round(item.at_s, 4), "sent_ms": item.sent_ms, "event": fields}
