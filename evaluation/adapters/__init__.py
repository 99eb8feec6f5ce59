"""Servers that a recording can be replayed against: ours, and others in their own language."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Protocol

from evaluation.adapters.simulstream import simulstream
from evaluation.adapters.whisperlivekit import whisperlivekit
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.replay import replay
from tongchuan.events import Term


class Adapter(Protocol):
    """Replays a recording against one kind of server."""

    async def __call__(
        self,
        recording: Recording,
        url: str,
        *,
        speed: float = 1.0,
        terms: Sequence[Term] = (),
        previews: bool = True,
    ) -> SessionLog:
        """One session over a real socket, at the speed of speech when `speed` is 1.

        Every event has the time when what it tells arrived, and the audio sent by then. terms: to
        be used by a server that takes any. previews: with text that may still change.

        Raises RecordingError, and errors that name the recording or the server (all of them
        TongchuanError) when the session does not run to its end within its limits.
        """


OURS = "tongchuan"

ADAPTERS: Mapping[str, Adapter] = types.MappingProxyType(
    {OURS: replay, "simulstream": simulstream, "whisperlivekit": whisperlivekit}
)
"""By what the server speaks."""
