"""The decoder of our own beside CTranslate2's: the same weights, so the same words and times."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.characters import ErrorRate, error_rate
from models.config import RecogniserConfig
from models.engines.whisper import Hypothesis, WhisperEngine
from models.interpreter import NoTelemetry
from models.weights import WeightsConfig, ensure
from tests.real.engines import REAL, Engines, mel_windows

pytestmark = REAL

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def reference() -> Iterator[WhisperEngine]:
    """CTranslate2's own decoder, in floats."""
    config = RecogniserConfig(decoder="ctranslate2", compute_type="float32", threads=1)
    engine = WhisperEngine(ensure(config.model, config=WeightsConfig()), config)
    yield engine
    engine.close()


async def _hear(engine: WhisperEngine, frames: Floats, **given: Any) -> Hypothesis:
    return await engine.hear(frames, language="zh", max_new=60, telemetry=NoTelemetry(), **given)


def _differ(engine: WhisperEngine, one: Sequence[int], other: Sequence[int]) -> ErrorRate:
    return error_rate(engine.decode(one), engine.decode(other), "zh")


async def test_it_hears_what_ctranslate2_hears(engines: Engines, reference: WhisperEngine) -> None:
    apart = ErrorRate(0, 0)
    late: list[float] = []
    for frames in mel_windows("zh-talk"):
        theirs = await _hear(reference, frames)
        ours = await _hear(engines.recogniser, frames)
        apart += _differ(reference, theirs.tokens, ours.tokens)
        if theirs.tokens == ours.tokens:
            late += [abs(a - b) for a, b in zip(theirs.ends_s, ours.ends_s, strict=True)]

    assert apart.rate is not None
    assert apart.rate < 0.08  # ours is int8 where one token is decoded after another
    assert len(late) > 20
    assert np.quantile(late, 0.9) <= 0.1


async def test_a_forced_prefix_is_kept_and_continued(engines: Engines) -> None:
    apart = ErrorRate(0, 0)
    for frames in mel_windows("zh-talk"):
        whole = await _hear(engines.recogniser, frames)
        for cut in range(0, len(whole.tokens), 8):
            prefix = whole.tokens[:cut]
            found = await _hear(engines.recogniser, frames, prefix=prefix)
            assert found.tokens[:cut] == prefix
            assert len(found.tokens) == len(found.ends_s) == len(found.probs)
            assert list(found.ends_s) == sorted(found.ends_s)
            apart += _differ(engines.recogniser, whole.tokens, found.tokens)

    assert apart.rate is not None
    assert apart.rate < 0.05


@pytest.mark.parametrize("damage", ["none", "first", "middle", "longer", "other"])
async def test_a_draft_changes_time_and_not_words(engines: Engines, damage: str) -> None:
    apart = ErrorRate(0, 0)
    for frames in mel_windows("zh-talk"):
        whole = list((await _hear(engines.recogniser, frames)).tokens)
        wrong = whole[-1:]
        draft = {
            "none": whole,
            "first": wrong + whole[1:],
            "middle": whole[: len(whole) // 2] + wrong + whole[len(whole) // 2 + 1 :],
            "longer": whole * 2,
            "other": whole[::-1],
        }[damage]
        found = await _hear(engines.recogniser, frames, draft=draft)
        apart += _differ(engines.recogniser, whole, found.tokens)

    assert apart.rate is not None
    assert apart.rate < 0.05  # a batch rounds otherwise than one token after another


async def test_a_right_draft_is_kept_whole(engines: Engines) -> None:
    class Counts(NoTelemetry):
        kept = drafted = 0

        def count(self, name: str, amount: int = 1) -> None:
            """Keep what is about drafts."""
            self.kept += amount * (name == "draft_kept")
            self.drafted += amount * (name == "draft_tokens")

    counts = Counts()
    for frames in mel_windows("zh-talk"):
        whole = await _hear(engines.recogniser, frames)
        await engines.recogniser.hear(
            frames, language="zh", max_new=60, draft=whole.tokens, telemetry=counts
        )

    assert counts.drafted > 30
    # One near tie that a batch rounds otherwise gives up the rest of its window.
    assert counts.kept > 0.7 * counts.drafted


async def test_never_more_tokens_than_allowed(engines: Engines) -> None:
    frames = next(iter(mel_windows("zh-talk")))
    whole = (await _hear(engines.recogniser, frames)).tokens
    for most in (0, 1, 3):
        for draft in ((), whole):
            found = await engines.recogniser.hear(
                frames,
                language="zh",
                prefix=whole[:2],
                draft=draft[2:],
                max_new=most,
                telemetry=NoTelemetry(),
            )
            assert found.tokens[:2] == whole[:2]
            assert len(found.tokens) <= 2 + most


async def test_many_windows_at_once(engines: Engines) -> None:
    windows = list(mel_windows("zh-talk"))[:4]
    alone = [await _hear(engines.recogniser, frames) for frames in windows]

    together = await asyncio.gather(*(_hear(engines.recogniser, f) for f in windows))

    assert list(together) == alone
