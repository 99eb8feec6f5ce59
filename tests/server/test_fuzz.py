"""Random frames over a real socket: the server answers or closes, and stays well."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from server.wire import CODES, CloseCode
from tests.server.live import START, Live, live
from tests.server.test_talks import check_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
TYPES = ["session.start", "session.end", "session.resume", "flush"]
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | st.text(max_size=8)},
    optional={
        "source": st.sampled_from(["zh", "en", "auto", "fr"]) | JSON,
        "target": st.sampled_from(["zh", "en"]) | JSON,
        "audio": st.just(START["audio"]) | JSON,
        "marker": st.text(max_size=9) | JSON,
        "terms": JSON,
        "glossaries": JSON,
        "context": JSON,
        "previews": JSON,
    },
)
FRAMES = st.one_of(
    st.just(json.dumps(START)),
    MESSAGES.map(json.dumps),
    JSON.map(json.dumps),
    st.text(max_size=40),
    st.binary(max_size=5000),
    st.just(bytes(3200)),
)
OURS = {int(code) for code in CloseCode}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Live]:
    async with live(max_sessions=50) as running:
        yield running


async def throw(server: Live, frames: list[str | bytes], start_first: bool) -> None:
    async with server.talk() as talk:
        try:
            if start_first:
                await talk.start()
            await talk.send(*frames)
            await talk.send({"type": "flush", "marker": "the last"})
            await talk.until("flushed", marker="the last")
        except ConnectionClosed:
            assert await talk.rest() in OURS
            assert talk.last_error()["fatal"]
        check_order(talk.events)
        assert {event["code"] for event in talk.of("error")} <= set(CODES)
    await server.empty()


@given(frames=st.lists(FRAMES, max_size=12), start_first=st.booleans())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
async def test_random_frames(server: Live, frames: list[str | bytes], start_first: bool) -> None:
    await throw(server, frames, start_first)
    assert not server.hub.unready()
    assert not server.metric("tongchuan_closes_total", code="1011")


@given(noise=st.binary(min_size=1, max_size=300))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
async def test_random_bytes_below_the_websocket(server: Live, noise: bytes) -> None:
    raw = await server.raw()
    try:
        raw.sendall(noise)
    finally:
        raw.close()
    await server.empty()
    assert (await server.get("/readyz")).status_code == 200


async def test_nothing_is_left_after_all_that(server: Live) -> None:
    await server.empty()
    others: list[Any] = [t for t in asyncio.all_tasks() if "Connection" in repr(t)]
    assert not others
