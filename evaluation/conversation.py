"""A recording spoken to a server at the speed of speech, and what the server answers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from evaluation.recordings import RATE
from models.errors import TongchuanError

FRAME_MS = 60
GRACE_S = 240.0  # beyond the recording; a server of ours gives up by itself after 180 s

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ReplayError(TongchuanError):
    """A session did not run to its end. Names the recording."""


class Ears(Protocol):
    """Whom a recording is spoken to."""

    async def send(self, data: NDArray[np.int16]) -> None:
        """The next samples, 16 kHz mono, shape (n,)."""

    async def end(self) -> None:
        """No more will come."""


class Session(Ears, Protocol[T_co]):
    """Ears that answer. Open inside its `async with`; iteration ends with the session."""

    async def __aenter__(self) -> Any: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Any: ...

    def __aiter__(self) -> AsyncIterator[T_co]: ...


async def converse(
    name: str,
    samples: NDArray[np.int16],
    session: Session[T],
    speed: float,
    heard: Callable[[float, int, T], None],
) -> None:
    """Speak `samples`, shape (n,), of the recording `name`, a frame of 60 ms when its last sample
    has been spoken. heard: told each answer with the seconds since the first sample was spoken and
    the milliseconds sent by then.

    Raises the first of our own errors, and ReplayError when the answers never end.
    """
    count = 0
    try:
        async with asyncio.timeout(len(samples) / RATE / speed + GRACE_S), session:
            pacer = Pacer(session, samples, speed)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pacer.run(), name="speak")
                async for answer in session:
                    count += 1
                    heard(pacer.now_s(), pacer.sent_ms, answer)
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    except TimeoutError:
        raise ReplayError(
            f"{name}: the session was not over {GRACE_S:g} s after its audio; {count} events came"
        ) from None


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
