"""The real server over the real engines, on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import numpy as np

from tests.fakes import FakeBackend
from tests.real.engines import Engines, Samples
from tests.server.live import Event, Live, Talk, live
from tests.server.test_talks import check_order


@asynccontextmanager
async def serving(engines: Engines, **settings: Any) -> AsyncIterator[Live]:
    """A server that shares `engines`; `settings` as for `live`."""
    # `live` asks no more of its backend than what Engines has: the protocol and `running`.
    async with live(cast("FakeBackend", engines), **settings) as server:
        yield server


def pcm(samples: Samples) -> bytes:
    """As `pcm_s16le`."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


async def say(talk: Talk, audio: bytes, frame_bytes: int = 6400) -> None:
    """All of it, as fast as the socket takes it."""
    for start in range(0, len(audio), frame_bytes):
        await talk.send(audio[start : start + frame_bytes])


async def finish(talk: Talk) -> list[Event]:
    """End the session as agreed; all its events, which are in order."""
    await talk.send({"type": "session.end"})
    assert await talk.rest() == 1000, talk.events[-2:]
    check_order(talk.events)
    return talk.events


async def interpreted(server: Live, audio: bytes, **fields: Any) -> list[Event]:
    """A whole good session."""
    async with server.started(**fields) as talk:
        await say(talk, audio)
        return await finish(talk)


def source(events: list[Event]) -> str:
    """What was committed, in the speaker's language."""
    return "".join(event["source"] for event in events if event["type"] == "chunk.final")


def english(events: list[Event]) -> str:
    """What was committed, in English, lower case."""
    finals = [event for event in events if event["type"] == "chunk.final"]
    return " ".join(event["translation"] for event in finals).lower()
