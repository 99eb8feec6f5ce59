"""What the command line needs of a session, be it on a server or in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tongchuan.events import Event, SessionStarted


class Session(Protocol):
    """`tongchuan.client.Interpreter` and `tongchuan.local.LocalInterpreter`, once entered."""

    @property
    def started(self) -> SessionStarted:
        """Languages and profile in effect."""

    async def send(self, data: NDArray[np.float32], /) -> None:
        """Audio, shape (n,), 16 kHz mono; waits while the session is full."""

    async def end(self) -> None:
        """No more audio; the rest of the events follow."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events, up to `SessionEnded`. Raises TongchuanError when it ends otherwise."""
