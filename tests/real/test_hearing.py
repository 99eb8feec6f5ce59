"""What is heard: the same recording in many forms, pauses, noises, hesitations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
import soxr

from models.audio.encoding import ENCODINGS
from models.events import SAMPLE_RATE, ChunkFinal, Flush, Flushed, TranslationDelta
from tests.real.engines import (
    REAL,
    Engines,
    Samples,
    cer,
    english_of,
    of,
    recording,
    reference,
    source_of,
)
from tests.real.serving import english, finish, interpreted, say, serving, source

pytestmark = REAL

SPEECH = recording("zh-short")
SAID = reference("zh-short")
CER = 0.2  # of 17 characters: three wrong ones
NOISE_S = 20


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


# Forms of audio ---------------------------------------------------------------------------


def _mulaw(samples: Samples) -> bytes:
    """G.711 by search: for each sample the code whose value is nearest."""
    values = ENCODINGS["mulaw"].decode(bytes(range(256)))
    order = np.argsort(values, kind="stable")
    at = np.searchsorted(values[order], samples).clip(1, 255)
    lower, upper = values[order[at - 1]], values[order[at]]
    nearest = np.where(samples - lower < upper - samples, order[at - 1], order[at])
    return bytes(nearest.astype(np.uint8))


def _stereo_floats(samples: Samples) -> bytes:
    return np.stack([samples, samples * 0.5], axis=1).astype("<f4").tobytes()


def _s16(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


FORMS: dict[str, tuple[int, int, int, Callable[[Samples], bytes]]] = {
    "mulaw": (8000, 1, 800, _mulaw),
    "pcm_f32le": (48_000, 2, 38_400, _stereo_floats),
    "pcm_s16le": (44_100, 1, 8819, _s16),
}


@pytest.mark.parametrize("encoding", FORMS)
async def test_every_form_of_audio_is_understood(engines: Engines, encoding: str) -> None:
    rate, channels, frame_bytes, encode = FORMS[encoding]
    audio = {"encoding": encoding, "sample_rate": rate, "channels": channels}
    async with serving(engines) as server, server.started(audio=audio) as talk:
        resampled = soxr.resample(SPEECH, SAMPLE_RATE, rate).astype(np.float32)
        await say(talk, encode(resampled), frame_bytes)
        events = await finish(talk)
    assert cer(SAID, source(events)) <= 0.35  # telephone sound costs a few characters
    assert "library" in english(events)


# Flush ------------------------------------------------------------------------------------


async def test_a_flush_commits_what_was_said_before_it(engines: Engines) -> None:
    events = await engines.interpret(SPEECH, Flush("here"), SPEECH)
    kinds = [type(event) for event in events]
    assert kinds.count(Flushed) == 1
    at = kinds.index(Flushed)
    assert cer(SAID, source_of(events[:at])) <= CER
    assert TranslationDelta in kinds[:at]
    assert "library" in english_of(events[:at])
    assert cer(SAID, source_of(events[at:])) <= CER


# Nothing to hear --------------------------------------------------------------------------


def _white(times: Samples) -> Samples:
    return np.random.default_rng(7).normal(0, 0.05, len(times)).astype(np.float32)


def _hum(times: Samples) -> Samples:
    partials = [np.sin(2 * np.pi * 50 * n * times) / n for n in (1, 2, 3, 5)]
    return np.asarray(0.1 * np.sum(partials, axis=0), dtype=np.float32)


def _chords(times: Samples) -> Samples:
    """Half a second each: triads with overtones, each note struck and fading."""
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(times * 2).astype(int) % 4]
    struck = np.exp(-3 * (times % 0.5))
    notes = [
        np.sin(2 * np.pi * roots * step * n * times) / n
        for step in (1, 1.26, 1.498)
        for n in (1, 2, 3)
    ]
    return np.asarray(0.08 * struck * np.sum(notes, axis=0), dtype=np.float32)


@pytest.mark.parametrize("sound", [np.zeros_like, _white, _hum, _chords])
async def test_nothing_is_committed_where_nobody_speaks(
    engines: Engines, sound: Callable[[Samples], Samples]
) -> None:
    times: Samples = np.arange(NOISE_S * SAMPLE_RATE, dtype=np.float32) / np.float32(SAMPLE_RATE)
    events = await engines.interpret(sound(times))
    assert of(events, ChunkFinal) == []
    assert of(events, TranslationDelta) == []


async def test_hesitations_are_not_translated(engines: Engines) -> None:
    fillers = recording("zh-fillers")
    # What stands between, 嗯那个 in one breath, Whisper base takes for words.
    fillers = np.concatenate([fillers[: 4 * SAMPLE_RATE], fillers[6 * SAMPLE_RATE :]])
    events = await engines.interpret(fillers)
    assert english_of(events).strip() == ""


# Speech among other things ----------------------------------------------------------------


async def test_after_a_long_pause_the_first_syllable_is_heard(engines: Engines) -> None:
    events = await engines.interpret(_silence(300), SPEECH)
    heard = source_of(events)
    assert cer(SAID, heard) <= CER
    assert heard.startswith("我们明天")
    assert min(chunk.start_ms for chunk in of(events, ChunkFinal)) >= 300_000
    assert "library" in english_of(events)


async def test_clicks_and_clipping_do_not_hide_a_sentence(engines: Engines) -> None:
    spoilt = np.concatenate([_silence(1), np.clip(SPEECH * 8, -1, 1)])
    spoilt[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 16] = 1.0
    events = await engines.interpret(spoilt)
    assert cer(SAID, source_of(events)) <= 0.35
    assert "library" in english_of(events)


# Several at once --------------------------------------------------------------------------


async def test_two_clients_at_once_get_their_own_speech(engines: Engines) -> None:
    async with serving(engines, max_sessions=2) as server:
        chinese, other = await asyncio.gather(
            interpreted(server, _s16(SPEECH)),
            interpreted(server, _s16(recording("en-short")), source="en", target="zh"),
        )
    assert cer(SAID, source(chinese)) <= CER
    assert "library" in english(chinese)
    assert "airport" in source(other).lower()
    assert "机场" in english(other)
