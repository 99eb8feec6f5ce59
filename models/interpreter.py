"""The interface that the cascade stands behind, and later the speech LLM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from models.channel import Channel
from models.events import AudioInput, InterpreterEvent, SessionSpec


class Telemetry(Protocol):
    """Where model work reports itself. `server.metrics` turns it into Prometheus series."""

    def stage(self, name: str, seconds: float) -> None:
        """Model work of stage `name` ("encode", "decode", "align", "boundary", "translate",
        "preview", …) took `seconds` of wall-clock time."""

    def count(self, name: str, amount: int = 1) -> None:
        """Something countable happened ("guard_loop", "retry", "prompt_tokens", …)."""


class NoTelemetry:
    """Drops everything."""

    def stage(self, name: str, seconds: float) -> None:
        """Ignored."""

    def count(self, name: str, amount: int = 1) -> None:
        """Ignored."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What this machine measured at start.

    share: model time one session needs, as a share of real time (1.0 = saturates the machine).
    sessions: how many sessions fit.
    """

    share: float
    sessions: int
    details: dict[str, float] = field(default_factory=dict)


class Interpreter(Protocol):
    """One session. Not reused."""

    async def interpret(
        self, audio: Channel[AudioInput], events: Channel[InterpreterEvent]
    ) -> None:
        """Read `audio` until it is closed, send what comes of it to `events`; return when all
        that was heard is committed. Does not close `events`.

        Cancellation frees the session's share of the engines and sends nothing more.
        """


class InterpreterBackend(Protocol):
    """The engines, loaded once and shared by all sessions."""

    async def start(self) -> Capacity:
        """Load and warm the models. Raises WeightsError, ConfigError or EngineError."""

    def open(self, spec: SessionSpec, telemetry: Telemetry) -> Interpreter:
        """A new session's interpreter. Cheap; loads nothing."""

    def faults(self) -> tuple[str, ...]:
        """What is broken now, in words for an operator; empty when all engines work."""

    async def check(self) -> None:
        """Try each engine that is at fault with a tiny request; `faults()` then tells the outcome.

        May be cancelled, and called again.
        """

    async def close(self) -> None:
        """Free the engines. Idempotent."""
