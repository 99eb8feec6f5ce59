"""The soak's audio is what it says, and what is committed and kept in memory is watched."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from evaluation import inputs, soak
from evaluation.recordings import RATE
from evaluation.serving import Served, Usage
from tests.fakes import FakeBackend, FakePlan
from tests.server.live import live

DATA = Path(__file__).resolve().parent.parent / "data"


def test_sentences_keep_their_sound_and_pauses_lie_between() -> None:
    recordings = inputs.load(DATA, "zh-short").recordings
    samples, segments = soak.compose(recordings, 0.5)
    assert len(samples) >= 30 * RATE
    original = recordings[0].samples()
    first = recordings[0].segments[0]
    said = original[round(first.start_s * RATE) : round(first.end_s * RATE)]
    for segment in segments:
        start = round(segment.start_s * RATE)
        assert np.array_equal(samples[start : start + len(said)], said)
    for before, after in itertools.pairwise(segments):
        pause = samples[round(before.end_s * RATE) : round(after.start_s * RATE)]
        assert np.abs(pause).max() < 100


def test_every_fifth_sentence_is_followed_by_a_pause() -> None:
    _, segments = soak.compose(inputs.load(DATA, "zh-talk").recordings, 2)
    gaps = [b.start_s - a.end_s for a, b in itertools.pairwise(segments)]
    assert gaps[4] == pytest.approx(soak.PAUSES_S[0], abs=0.01)
    assert gaps[9] == pytest.approx(soak.PAUSES_S[1], abs=0.01)
    assert gaps[0] == pytest.approx(0.4, abs=0.01)


def test_noises_are_loud_and_never_clip() -> None:
    made = soak.noises(2.0)
    assert set(made) == {"silence", "white noise", "hum", "tones"}
    for name, sound in made.items():
        assert len(sound) == 2 * RATE
        assert name == "silence" or np.abs(sound.astype(int)).max() > 3000
        assert (np.abs(sound.astype(int)) >= 32767).mean() < 1e-3


async def test_a_soak_watches_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([100.0, 104.0, 110.0, *([103.0] * 1000)])

    async def usage(_self: Served) -> Usage:
        return Usage(mib=next(readings))

    monkeypatch.setattr(Served, "usage", usage)
    monkeypatch.setattr(soak, "_SAMPLE_S", 0.05)
    monkeypatch.setattr(soak, "SETTLED_S", 0.0)
    monkeypatch.setattr(soak, "noises", lambda: {"silence": np.zeros(RATE // 4, np.int16)})
    told: list[str] = []
    async with live(FakeBackend(FakePlan(chunk_ms=500))) as server:
        found = await soak.soak(
            inputs.load(DATA, "zh-short").recordings,
            0.03,
            Served(f"ws://127.0.0.1:{server.port}"),
            told.append,
        )
    assert (found.settled_mib, found.most_mib) == (100.0, 110.0)
    assert found.growth == pytest.approx(0.1)
    assert found.chunks > 0
    assert found.committed_to_noise == {"silence": ()}
    assert not found.passed
    assert told[0] == "a minute of silence"


def test_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(["/no/such/folder"]) == 1
    assert "no folder" in capsys.readouterr().err
