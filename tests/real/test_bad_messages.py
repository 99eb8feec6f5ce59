"""Bad input over a real socket with real weights: refused or ignored, and speech still heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.real.engines import REAL, Engines, Samples, cer, recording, reference
from tests.real.serving import english, finish, interpreted, pcm, say, serving, source
from tests.server.live import START, Live, check_error
from tests.server.test_bad_messages import BAD_STARTS, UNREADABLE

pytestmark = REAL

AUDIO = START["audio"]
SPEECH = recording("zh-short")
SAID = reference("zh-short")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(engines: Engines) -> AsyncIterator[Live]:
    """One server that takes all the abuse of this module, and is well at its end."""
    async with serving(engines, limits={"max_frame_bytes": 200_000}) as running:
        yield running
        events = await interpreted(running, pcm(SPEECH))
        assert "library" in english(events)
        await running.empty()


async def test_bad_starts_are_fatal_and_name_the_field(server: Live) -> None:
    for sent, code, field, words in UNREADABLE.values():
        async with server.talk() as talk:
            await talk.send(sent)
            assert await talk.rest() == 4400
            check_error(talk, code, field, words, fatal=True)
    for fields, code, field, words in BAD_STARTS.values():
        async with server.talk() as talk:
            await talk.send({**START, **fields})
            assert await talk.rest() == 4400
            check_error(talk, code, field, words, fatal=True)


async def test_the_same_in_a_session_is_ignored_and_its_speech_is_heard(server: Live) -> None:
    async with server.started() as talk:
        half = len(pcm(SPEECH)) // 2
        await say(talk, pcm(SPEECH)[:half])
        for sent, code, field, words in UNREADABLE.values():
            await talk.send(sent)
            await talk.until("error")
            check_error(talk, code, field, words, fatal=False)
        await say(talk, pcm(SPEECH)[half:])
        events = await finish(talk)
    assert cer(SAID, source(events)) <= 0.2
    assert "library" in english(events)


async def test_messages_out_of_order(server: Live) -> None:
    async with server.talk() as early:
        await early.send(pcm(SPEECH)[:6400])
        assert await early.rest() == 4400
        check_error(early, "out_of_order", None, ("before session.start",), fatal=True)
    async with server.started() as twice:
        await say(twice, pcm(SPEECH))
        await twice.send(START)
        assert await twice.rest() == 4400
        check_error(twice, "out_of_order", None, ("has started",), fatal=True)
    async with server.started() as late:
        await say(late, pcm(SPEECH))
        await late.send({"type": "session.end"}, {"type": "flush", "marker": "late"})
        assert await late.rest() == 4400
        check_error(late, "out_of_order", None, ("after session.end",), fatal=True)


async def test_a_frame_over_the_limit(server: Live) -> None:
    async with server.started() as talk:
        await talk.send(bytes(200_001))
        assert await talk.rest() == 4413
        check_error(talk, "frame_too_large", None, ("200001", "200000"), fatal=True)


def _odd(samples: Samples) -> tuple[dict[str, Any], bytes, int]:
    """Frames that end within a sample."""
    return AUDIO, pcm(samples), 1999


def _broken_floats(samples: Samples) -> tuple[dict[str, Any], bytes, int]:
    """NaN, infinities, and peaks beyond ±1."""
    broken = samples * (1.3 / float(np.abs(samples).max()))
    broken[1000::1601] = np.nan
    broken[1001::1601] = np.inf
    broken[1002::1601] = -np.inf
    return {**AUDIO, "encoding": "pcm_f32le"}, broken.astype("<f4").tobytes(), 4001


@pytest.mark.parametrize("spoilt", [_odd, _broken_floats])
async def test_spoilt_samples_are_repaired(server: Live, spoilt: Any) -> None:
    audio, data, frame_bytes = spoilt(SPEECH)
    async with server.started(audio=audio) as talk:
        await say(talk, data, frame_bytes)
        events = await finish(talk)
    assert cer(SAID, source(events)) <= 0.25
    assert "library" in english(events)
    codes = [event["code"] for event in events if event["type"] == "notice"]
    notices = sorted(code for code in codes if code.startswith("audio_"))
    assert notices == ([] if spoilt is _odd else ["audio_cleaned", "audio_clipped"])
