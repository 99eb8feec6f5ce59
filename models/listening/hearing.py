"""From a session's audio to what is heard in it: when the listener steps, and what is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from models.audio.vad import SpeechStarted as VoiceStarted
from models.channel import Channel
from models.errors import EngineError
from models.events import (
    SAMPLE_RATE,
    Audio,
    AudioInput,
    Failure,
    Flush,
    InterpreterEvent,
    SpeechStarted,
    SpeechStopped,
)
from models.listening.listener import Heard, Listener, SpeechEdge

_PIECE = SAMPLE_RATE // 10
_PER_MS = SAMPLE_RATE // 1000


class Hearing:
    """One session's listener on its audio.

    Speech's edges, and speech that the recogniser failed on, go to `events`; each step to `heard`;
    the marker of a flush to `reached`, once everything before it is stable. silent: told, while
    everything heard is stable and nobody speaks, the audio heard and for how long, both in ms.
    """

    def __init__(
        self,
        listener: Listener,
        step_ms: int,
        events: Channel[InterpreterEvent],
        heard: Callable[[Heard], Awaitable[None]],
        reached: Callable[[str], Awaitable[None]],
        silent: Callable[[int, int], None] = lambda _heard_ms, _silence_ms: None,
    ) -> None:
        self._listener = listener
        self._step_s = step_ms / 1000
        self._events = events
        self._heard = heard
        self._reached = reached
        self._silent = silent

    async def run(self, audio: Channel[AudioInput]) -> None:
        """Listen until `audio` is closed and everything in it is stable."""
        async for item in audio:
            if isinstance(item, Flush):
                await self._settle()
                await self._reached(item.marker)
                continue
            await self._push(item)
            # Behind by more than a step: take what waits first, and listen to all of it at once.
            if audio.load < 1.5 * self._step_s and self._listener.due:
                await self._step()
        await self._settle()

    async def _push(self, item: Audio) -> None:
        for start in range(0, len(item.samples), _PIECE):
            piece = np.asarray(item.samples[start : start + _PIECE], dtype=np.float32)
            await self._tell(self._listener.push(piece))
            if self._listener.settled:
                self._silent(self._listener.heard_ms, self._listener.silence_ms)
            if self._listener.overdue:
                await self._step()

    async def _settle(self) -> None:
        """Make everything heard so far stable."""
        await self._tell(self._listener.finish())
        while self._listener.due:
            await self._step()

    async def _step(self) -> None:
        try:
            heard = await self._listener.step()
        except EngineError as error:
            await self._events.send(
                Failure("recogniser_failed", f"some speech was not heard: {error}")
            )
            return
        if heard is not None:
            await self._heard(heard)

    async def _tell(self, edges: Sequence[SpeechEdge]) -> None:
        for edge in edges:
            at_ms = edge.at_sample // _PER_MS
            started = isinstance(edge, VoiceStarted)
            await self._events.send(SpeechStarted(at_ms) if started else SpeechStopped(at_ms))
