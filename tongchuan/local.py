"""A session in this process, without a server: the same events as over a socket."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models import events as heard
from models.channel import Channel
from models.errors import ChannelClosedError
from models.interpreter import InterpreterBackend, NoTelemetry, Telemetry
from models.languages import normalise
from tongchuan import events
from tongchuan.errors import SessionStateError

_AUDIO_LIMIT_S = 4.0
"""Audio that waits for the models. Little: whoever reads a file faster waits here."""
_EVENT_LIMIT = 1024
_ARRIVALS = 6000  # ten minutes of blocks: no chunk is longer


def _weight_s(item: heard.AudioInput) -> float:
    return item.duration_s if isinstance(item, heard.Audio) else 0.0


@dataclass(slots=True)
class _Lags:
    """When each piece of audio came, to tell how late a chunk is."""

    _arrivals: deque[tuple[float, float]]  # (end in the audio, time), milliseconds
    _lags_ms: list[int]

    def arrived(self, end_ms: float, now_ms: float) -> None:
        self._arrivals.append((end_ms, now_ms))

    def of_chunk(self, end_ms: int, now_ms: float) -> int:
        """Now less the arrival of the audio at `end_ms`, which grows from chunk to chunk."""
        arrival_ms = now_ms
        while self._arrivals:
            piece_end_ms, arrival_ms = self._arrivals[0]
            if piece_end_ms >= end_ms:
                break
            self._arrivals.popleft()
        self._lags_ms.append(max(0, round(now_ms - arrival_ms)))
        return self._lags_ms[-1]

    def summary(self) -> events.LagSummary:
        if not self._lags_ms:
            return events.LagSummary()
        p50, p95 = np.percentile(self._lags_ms, (50, 95))
        return events.LagSummary(round(p50), round(p95))


class LocalInterpreter:
    """One session of `backend`, which has been started. Used as `tongchuan.Interpreter` is.

    Raises ConfigError for a language that is not supported; iteration raises what the models
    raised.
    """

    def __init__(
        self,
        backend: InterpreterBackend,
        *,
        source: str = "zh",
        target: str = "en",
        terms: Sequence[events.Term] = (),
        context: str = "",
        previews: bool = True,
        profile: str = "",
        telemetry: Telemetry | None = None,
    ) -> None:
        spec = heard.SessionSpec(
            source="auto" if source == "auto" else normalise(source),
            target=normalise(target),
            terms=tuple(heard.Term(term.source, term.target, term.note) for term in terms),
            context=context,
            previews=previews,
        )
        self._interpreter = backend.open(spec, telemetry or NoTelemetry())
        self.started = events.SessionStarted(
            seq=1,
            at_ms=0,
            session_id="local",
            source=spec.source,
            target=spec.target,
            limits=events.Limits(max_frame_bytes=1 << 20),
            profile=profile,
        )
        self._audio: Channel[heard.AudioInput] = Channel(_AUDIO_LIMIT_S, _weight_s)
        self._events: Channel[heard.InterpreterEvent] = Channel(_EVENT_LIMIT)
        self._lags = _Lags(deque(maxlen=_ARRIVALS), [])
        self._sent_samples = 0
        self._chunks = 0
        self._seq = 1
        self._begun = time.monotonic()
        self._failures: list[Exception] = []
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._task = group.create_task(self._run())
        self._begun = time.monotonic()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await self._stack.aclose()

    async def send(self, data: NDArray[np.float32], /) -> None:
        """Audio, shape (n,), 16 kHz mono; waits while the models have enough of it."""
        self._sent_samples += len(data)
        end_ms = self._sent_samples * 1000 / heard.SAMPLE_RATE
        try:
            await self._audio.send(heard.Audio(data))
        except ChannelClosedError:
            raise SessionStateError("the session has ended; open another to send more") from None
        self._lags.arrived(end_ms, self._now_ms())

    async def flush(self, marker: str = "flush") -> None:
        """Have everything sent so far committed; `Flushed(marker)` follows its events."""
        await self._audio.send(heard.Flush(marker))

    async def end(self) -> None:
        """No more audio. Idempotent."""
        await self._audio.close()

    async def __aiter__(self) -> AsyncIterator[events.Event]:
        async for event in self._events:
            yield self._translated(event)
        if self._failures:
            raise self._failures[0]
        audio_ms = round(self._sent_samples * 1000 / heard.SAMPLE_RATE)
        yield events.SessionEnded(*self._stamp(), audio_ms, self._chunks, self._lags.summary())

    async def _run(self) -> None:
        try:
            await self._interpreter.interpret(self._audio, self._events)
        except Exception as error:  # noqa: BLE001 - the task's edge: iteration raises it
            self._failures.append(error)
        finally:
            await self._audio.close()
            await self._events.close()

    def _now_ms(self) -> float:
        return (time.monotonic() - self._begun) * 1000

    def _stamp(self) -> tuple[int, int]:
        self._seq += 1
        return self._seq, round(self._now_ms())

    def _translated(self, event: heard.InterpreterEvent) -> events.Event:
        seq, at_ms = self._stamp()
        match event:
            case heard.SpeechStarted(audio_ms):
                return events.SpeechStarted(seq, at_ms, audio_ms)
            case heard.SpeechStopped(audio_ms):
                return events.SpeechStopped(seq, at_ms, audio_ms)
            case heard.TranscriptPartial(text, start_ms, end_ms):
                return events.TranscriptPartial(seq, at_ms, text, start_ms, end_ms)
            case heard.TranslationPreview(text):
                return events.TranslationPreview(seq, at_ms, text)
            case heard.TranslationDelta(chunk, delta, heard_ms):
                return events.TranslationDelta(seq, at_ms, chunk, delta, heard_ms)
            case heard.ChunkFinal():
                return self._chunk(event, seq, at_ms)
            case heard.Flushed(marker):
                return events.Flushed(seq, at_ms, marker)
            case heard.Notice(code, message):
                return events.Notice(seq, at_ms, code, message)
            case heard.Failure(code, message):
                return events.ErrorEvent(seq, at_ms, code, message, fatal=False)

    def _chunk(self, event: heard.ChunkFinal, seq: int, at_ms: int) -> events.ChunkFinal:
        self._chunks += 1
        return events.ChunkFinal(
            seq,
            at_ms,
            event.chunk,
            event.source,
            event.translation,
            event.start_ms,
            event.end_ms,
            lag_ms=self._lags.of_chunk(event.end_ms, self._now_ms()),
            terms=tuple(events.Term(term.source, term.target, term.note) for term in event.terms),
            heard_ms=event.heard_ms,
        )
