"""Prometheus series of one server, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from server.events import ChunkDone, ErrorReport, ServerEvent

_LAG_S = (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 15, 20, 30, 60)
_MODEL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
_LOOP_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_READ_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300)
_SESSION_S = (1, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400)


class Metrics:
    """All series. It is the `Telemetry` of the models too; safe to call from any thread."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"tongchuan_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            full = f"tongchuan_{name}"
            return Histogram(full, text, labels, buckets=buckets, registry=registry)

        self.admitted = counter("sessions_admitted", "Sessions that got a slot")
        self.refused = counter("sessions_refused", "Clients turned away, by error code", "code")
        self.session_s = histogram("session_seconds", "Length of ended sessions", _SESSION_S)
        self.audio_s = counter("audio_seconds", "Seconds of audio received")
        self.chunks = counter("chunks", "Chunks committed")
        self.lag = histogram(
            "chunk_lag_seconds", "From the arrival of a chunk's last audio to its end", _LAG_S
        )
        self.errors = counter("errors", "Error events sent, by code", "code")
        self.closes = counter("closes", "Sockets closed, by code or cause", "code")
        self.checks = counter(
            "self_checks", "Self-checks of engines at fault, by result: passed, failed", "result"
        )
        self.glossary_requests = counter(
            "glossary_requests", "Answers to requests about glossaries, by HTTP status", "code"
        )
        self.glossary_read_s = histogram(
            "glossary_read_seconds", "Reading a glossary and making it searchable", _READ_S
        )
        self.glossary_failures = counter(
            "glossary_failures",
            "Failures with the glossaries of sessions, by stage: start, look, read, index",
            "stage",
        )
        self.loop_lag = histogram("event_loop_lag_seconds", "Delay of the event loop", _LOOP_S)
        self._model_s = histogram("model_seconds", "Model work, by stage", _MODEL_S, "stage")
        self._model_events = counter("model_events", "Things models report, by name", "name")

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when the metrics are."""
        Gauge(f"tongchuan_{name}", text, registry=self.registry).set_function(read)

    def stage(self, name: str, seconds: float) -> None:
        """Model work of stage `name` took `seconds`."""
        self._model_s.labels(name).observe(seconds)

    def count(self, name: str, amount: int = 1) -> None:
        """A model reports something countable."""
        self._model_events.labels(name).inc(amount)

    def sent(self, event: ServerEvent) -> None:
        """An event leaves for a client."""
        match event:
            case ChunkDone():
                self.chunks.inc()
                self.lag.observe(event.lag_ms / 1000)
            case ErrorReport():
                self.errors.labels(event.code).inc()

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)
