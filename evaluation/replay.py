"""Stream a recording through the public client at the speed it was spoken, and log what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.log import Received, SessionLog
from evaluation.recordings import RATE, Recording
from models.errors import TongchuanError
from tongchuan import Interpreter, Term

FRAME_MS = 60
GRACE_S = 240.0  # beyond the recording; a server gives up by itself after 180 s


class ReplayError(TongchuanError):
    """A session did not run to its end. Names the recording."""


async def replay(
    recording: Recording,
    url: str,
    *,
    speed: float = 1.0,
    terms: Sequence[Term] = (),
    context: str = "",
    previews: bool = True,
) -> SessionLog:
    """One session over a real socket.

    A frame of 60 ms is sent when its last sample has been spoken. speed: above 1 for a quick look
    at quality; a server closes the session (4429) when it is left too far behind.
    Raises RecordingError, the client's errors, and ReplayError when the server never ends.
    """
    samples = recording.samples()
    duration_s = len(samples) / RATE
    received: list[Received] = []
    session = Interpreter(
        url,
        source=recording.source,
        target=recording.target,
        terms=terms,
        context=context,
        previews=previews,
    )
    try:
        async with asyncio.timeout(duration_s / speed + GRACE_S), session:
            pacer = Pacer(session, samples, speed)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pacer.run(), name="speak")
                async for event in session:
                    received.append(Received(pacer.now_s(), pacer.sent_ms, event))
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    except TimeoutError:
        raise ReplayError(
            f"{recording.id}: the session was not over {GRACE_S:g} s after its audio; "
            f"{len(received)} events came"
        ) from None
    return SessionLog(recording.id, duration_s, speed, tuple(received))


class Ears(Protocol):
    """Whom a recording is spoken to."""

    async def send(self, data: NDArray[np.int16]) -> None:
        """The next samples, 16 kHz mono, shape (n,)."""

    async def end(self) -> None:
        """No more will come."""


class Pacer:
    """Speaks the samples by the clock."""

    def __init__(self, session: Ears, samples: NDArray[np.int16], speed: float) -> None:
        self._session = session
        self._samples = samples
        self._speed = speed
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()
        self.sent_ms = 0

    def now_s(self) -> float:
        """Seconds since the first sample was spoken."""
        return self._clock() - self._begun

    async def run(self) -> None:
        """Send all frames, each on time, then the end."""
        frame = RATE * FRAME_MS // 1000
        for start in range(0, len(self._samples), frame):
            piece = self._samples[start : start + frame]
            due_s = (start + len(piece)) / RATE / self._speed
            await asyncio.sleep(max(0.0, due_s - self.now_s()))
            await self._session.send(piece)
            self.sent_ms = (start + len(piece)) * 1000 // RATE
        await self._session.end()


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first of our own errors in `group`, else all of it."""
    ours = group.subgroup(TongchuanError)
    if ours is None:
        return group
    inner: BaseException = ours
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner
