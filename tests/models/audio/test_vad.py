from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.audio.decoder import AudioDecoder
from models.audio.vad import SpeechEdge, SpeechStarted, SpeechStopped, VoiceActivity

Floats = NDArray[np.float32]
Span = tuple[float, float]

RATE = 16_000
DATA = Path(__file__).parents[2] / "data"
REALSI = Path(__file__).parents[4] / "shared" / "realsi-dev"


def recording(path: Path, seconds: float = 20.0) -> tuple[Floats, list[Span]]:
    """Its samples and the spans (s) of its segments within the first `seconds`."""
    samples, rate = soundfile.read(path, dtype="float32", frames=int(seconds * RATE))
    assert rate == RATE
    segments = json.loads(path.with_suffix(".json").read_text("utf-8"))["segments"]
    length = len(samples) / RATE
    return samples, [(s["start"], s["end"]) for s in segments if s["end"] <= length]


def at_level(samples: NDArray[np.floating], level_db: float) -> Floats:
    scaled = samples / np.sqrt(np.mean(samples**2)) * 10 ** (level_db / 20)
    return np.asarray(scaled, dtype=np.float32)


def level(samples: Floats) -> float:
    return float(10 * np.log10(np.mean(samples**2)))


def white(seconds: float, level_db: float) -> Floats:
    return at_level(np.random.default_rng(5).standard_normal(int(seconds * RATE)), level_db)


def coloured(seconds: float, level_db: float, slope: float) -> Floats:
    """Noise whose amplitude falls as frequency ** -slope: 0.5 is pink, 1 brown."""
    spectrum = np.fft.rfft(np.random.default_rng(6).standard_normal(int(seconds * RATE)))
    hertz = np.maximum(np.arange(len(spectrum)) / seconds, 20.0)
    return at_level(np.fft.irfft(spectrum / hertz**slope), level_db)


def hum(seconds: float, hertz: float, harmonics: int, level_db: float) -> Floats:
    time = np.arange(int(seconds * RATE)) / RATE
    parts = [np.sin(2 * np.pi * hertz * h * time + h) / h for h in range(1, harmonics + 1)]
    return at_level(np.sum(parts, axis=0), level_db)


def chords(seconds: float, note_s: float, level_db: float, *, plucked: bool) -> Floats:
    """Major chords of three harmonics a tone on a scale, one after the other."""
    time = np.arange(int(note_s * RATE)) / RATE
    rng, out = np.random.default_rng(8), []
    envelope = np.exp(-2 * time) * np.minimum(1, time / 0.01) if plucked else np.hanning(len(time))
    for _ in range(int(seconds / note_s)):
        root = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11]) / 12)
        tones = [root * 2 ** (up / 12) * h for up in (0, 4, 7, 12) for h in (1, 2, 3)]
        out.append(envelope * np.sum([np.sin(2 * np.pi * f * time) for f in tones], axis=0))
    return at_level(np.concatenate(out), level_db)


def clicks(seconds: float) -> Floats:
    out = white(seconds, -80.0)
    for at in range(RATE, len(out), 3 * RATE):
        out[at : at + 40] = 0.9
    return out


NOT_SPEECH: dict[str, Callable[[], Floats]] = {
    "silence": lambda: np.zeros(60 * RATE, np.float32),
    "white, -20 dBFS": lambda: white(60, -20),
    "white, -40 dBFS": lambda: white(60, -40),
    "white, clipped": lambda: np.clip(white(60, 10), -1, 1),
    "pink": lambda: coloured(60, -25, 0.5),
    "brown": lambda: coloured(60, -25, 1.0),
    "hum of 50 Hz": lambda: hum(60, 50, 8, -25),
    "hum of 100 Hz": lambda: hum(60, 100, 1, -20),
    "buzz of 60 Hz": lambda: hum(60, 60, 30, -20),
    "tone, clipped": lambda: np.clip(hum(60, 300, 1, 30), -1, 1),
    "chords, held": lambda: chords(60, 4.0, -20, plucked=False),
    "chords, plucked": lambda: chords(60, 1.0, -20, plucked=True),
    "chords, plucked fast": lambda: chords(60, 0.25, -20, plucked=True),
    "clicks": lambda: clicks(60),
}


def edges_of(samples: Floats, size: int = 8_000) -> list[SpeechEdge]:
    vad = VoiceActivity()
    edges = [e for at in range(0, len(samples), size) for e in vad.push(samples[at : at + size])]
    return [*edges, *vad.finish()]


def covered(edges: list[SpeechEdge], length: int) -> NDArray[np.bool_]:
    """Which samples are within speech; checks that starts and stops alternate in order."""
    mask = np.zeros(length, dtype=bool)
    last = 0
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        assert isinstance(begin, SpeechStarted)
        assert isinstance(end, SpeechStopped)
        assert last <= begin.at_sample < end.at_sample <= length
        mask[begin.at_sample : end.at_sample] = True
        last = end.at_sample
    return mask


def missed(edges: list[SpeechEdge], spans: list[Span], length: int) -> float:
    """The share of the spans' time that is not within speech."""
    mask = covered(edges, length)
    gold = np.zeros(length, dtype=bool)
    for start, end in spans:
        gold[int(start * RATE) : int(end * RATE)] = True
    return float(1 - mask[gold].mean())


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_a_minute_of_it_is_not_speech(kind: str) -> None:
    assert edges_of(NOT_SPEECH[kind]()) == []


def by_telephone(samples: Floats) -> Floats:
    """Through 8 kHz A-law, by the decoder's own tables."""
    table = AudioDecoder("alaw", RATE, 1).push(bytes(range(256)))
    order = np.argsort(table)
    narrow = AudioDecoder("pcm_f32le", 2 * RATE, 1).push(samples.tobytes())  # every other sample
    codes = order[np.clip(np.searchsorted(table[order], narrow), 0, 255)].astype(np.uint8)
    decoder = AudioDecoder("alaw", RATE // 2, 1)
    return np.concatenate([decoder.push(codes.tobytes()), decoder.flush()])


CONDITIONS: dict[str, tuple[float, Callable[[Floats], Floats]]] = {
    "clean": (0.005, lambda x: x),
    "at -45 dBFS": (0.01, lambda x: at_level(x, -45)),
    "telephone": (0.01, by_telephone),
    "clipped": (0.005, lambda x: np.clip(30 * x, -1, 1)),
    "white noise at 10 dB": (0.05, lambda x: x + white(len(x) / RATE, level(x) - 10)),
    "hum at 10 dB": (0.05, lambda x: x + hum(len(x) / RATE, 50, 8, level(x) - 10)),
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", ["zh-talk", "zh-fillers", "en-short"])
def test_speech_is_covered(name: str, condition: str) -> None:
    most, change = CONDITIONS[condition]
    samples, spans = recording(DATA / f"{name}.flac")
    heard = change(samples)
    assert missed(edges_of(heard), spans, len(heard)) <= most


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.skipif(not REALSI.is_dir(), reason="the RealSI recordings are not here")
def test_realsi_is_covered(condition: str) -> None:
    most, change = CONDITIONS[condition]
    for path in sorted(REALSI.glob("*.flac")):
        samples, spans = recording(path)  # their segments hold pauses, hence twice
        heard = change(samples)
        assert missed(edges_of(heard), spans, len(heard)) <= 2 * most, path.name


def test_every_sentence_between_long_pauses_is_heard_whole() -> None:
    samples, spans = recording(DATA / "zh-talk.flac", seconds=25.0)
    pause, parts, expected, at = np.zeros(3 * RATE, np.float32), [], [], 0
    for start, end in spans:
        sentence = samples[int(start * RATE) : int(end * RATE)]
        expected.append((at + len(pause), at + len(pause) + len(sentence)))
        parts += [pause, sentence]
        at = expected[-1][1]
    edges = edges_of(np.concatenate([*parts, pause]))
    assert len(edges) == 2 * len(expected)
    for (start, end), begin, stop in zip(expected, edges[::2], edges[1::2], strict=True):
        assert start - 0.4 * RATE <= begin.at_sample <= start + 0.05 * RATE
        assert end - 0.05 * RATE <= stop.at_sample <= end + 0.5 * RATE


@pytest.mark.parametrize("kind", ["silence", "white, -40 dBFS", "hum of 50 Hz", "chords, held"])
def test_after_minutes_of_it_the_next_sentence_is_heard_whole(kind: str) -> None:
    before = np.tile(NOT_SPEECH[kind](), 2)
    samples, spans = recording(DATA / "zh-talk.flac", seconds=15.0)
    edges = edges_of(np.concatenate([before, samples]))
    shifted = [(a + len(before) / RATE, b + len(before) / RATE) for a, b in spans]
    assert missed(edges, shifted, len(before) + len(samples)) <= 0.01
    assert edges[0].at_sample >= len(before)


def test_noise_after_speech_does_not_hold_it_open() -> None:
    samples, spans = recording(DATA / "zh-talk.flac", seconds=10.0)
    speech = samples[: int(spans[-1][1] * RATE)]
    for noise in (white(20, -25), coloured(20, -25, 0.5), hum(20, 50, 8, -25)):
        stop = edges_of(np.concatenate([speech, noise]))[-1]
        assert stop.at_sample <= len(speech) + RATE


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 9_000), min_size=1, max_size=6))
def test_any_division_finds_the_same_edges(sizes: list[int]) -> None:
    samples = _two_sentences()
    vad, at, turn, edges = VoiceActivity(), 0, 0, []
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        edges += vad.push(samples[at : at + size])
        at, turn = at + size, turn + 1
    assert [*edges, *vad.finish()] == edges_of(samples, len(samples))
    assert vad.samples_in == len(samples)


def test_one_sample_at_a_time() -> None:
    samples = _two_sentences()
    assert edges_of(samples, 1) == edges_of(samples, len(samples))


def _two_sentences() -> Floats:
    samples, spans = recording(DATA / "zh-talk.flac", seconds=12.0)
    cut = int(spans[0][1] * RATE)
    return np.concatenate([samples[:cut], np.zeros(RATE, np.float32), samples[cut : cut + RATE]])


def test_silence_is_counted_from_the_last_voice() -> None:
    vad = VoiceActivity()
    vad.push(np.zeros(RATE, np.float32))
    assert (vad.speaking, vad.silence_ms) == (False, 1_000)
    samples, spans = recording(DATA / "zh-talk.flac", seconds=10.0)
    edges = vad.push(samples[: int(spans[0][1] * RATE)])
    assert len(edges) == 1
    assert vad.speaking
    assert vad.silence_ms < 300
    edges = vad.push(np.zeros(2 * RATE, np.float32))
    assert [type(edge) for edge in edges] == [SpeechStopped]
    assert not vad.speaking
    assert 2_000 <= vad.silence_ms < 2_300


@pytest.mark.parametrize("hangover_ms", [200, 500, 1_200])
def test_pauses_shorter_than_the_hangover_are_within_speech(hangover_ms: int) -> None:
    samples, spans = recording(DATA / "zh-talk.flac", seconds=10.0)
    sentence = samples[int(spans[0][0] * RATE) : int(spans[0][1] * RATE)]
    vad = VoiceActivity(hangover_ms=hangover_ms, pre_roll_ms=0)
    edges = vad.push(np.concatenate([sentence, np.zeros(700 * 16, np.float32), sentence]))
    assert [type(edge) for edge in edges[:2]] == (
        [SpeechStarted] if hangover_ms > 1_000 else [SpeechStarted, SpeechStopped]
    )


def test_finish_stops_a_speech_once() -> None:
    samples, spans = recording(DATA / "zh-talk.flac", seconds=10.0)
    heard = samples[: int(spans[0][1] * RATE) - 100]
    vad = VoiceActivity()
    vad.push(heard)
    assert vad.finish() == [SpeechStopped(len(heard))]
    assert vad.finish() == []


def test_memory_does_not_grow() -> None:
    vad, samples = VoiceActivity(), recording(DATA / "zh-talk.flac", seconds=5.0)[0]
    for _ in range(2):
        vad.push(samples)
    tracemalloc.start()
    try:
        vad.push(samples)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(6):
            vad.push(samples)
        assert tracemalloc.get_traced_memory()[0] - before < 10_000
    finally:
        tracemalloc.stop()
