"""The offline run hears each segment by itself, and translates it with and without memory."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from evaluation.offline import OfflineCascade
from evaluation.recordings import Recording, Segment
from models.config import profile_config
from models.engines.gate import Priority
from models.errors import EngineError
from tests.models.fakes_engines import VOICE, FakeLLM, FakeWhisper, ears, quiet, spoken

TEXTS = ("天地玄黄。", "日月盈昃，", "宇宙洪荒。")


def talk(folder: Path) -> Recording:
    parts, segments, at = [], [], 0
    for text in TEXTS:
        voice, pause = spoken(text), quiet(0.5)
        segments.append(Segment(at / 16_000, (at + len(voice)) / 16_000, text, "x"))
        parts += [voice, pause]
        at += len(voice) + len(pause)
    samples = np.concatenate(parts)
    soundfile.write(folder / "zh-fake.flac", samples, 16_000, subtype="PCM_24")
    path = folder / "zh-fake.flac"
    return Recording("zh-fake", path, at / 16_000, "zh", "en", tuple(segments))


async def test_segments_are_heard_whole_and_memory_is_apart(tmp_path: Path) -> None:
    whisper, llm = FakeWhisper(), FakeLLM()
    cascade = OfflineCascade(ears(whisper), llm, profile_config("embedded"))
    steps: list[None] = []
    found = await cascade.run(talk(tmp_path), lambda: steps.append(None))
    assert found.sources == TEXTS
    assert found.targets == found.remembered
    assert found.targets[0] == "sky earth dark gold."
    assert len(steps) == whisper.calls == 3
    assert llm.lanes == 0  # given back
    turns = [len(asked.conversation.turns) for asked in llm.asked_for(Priority.COMMIT)]
    alone, remembering = turns[::2], turns[1::2]
    assert len(set(alone)) == 1
    assert [count - remembering[0] for count in remembering] == [0, 1, 2]


async def test_long_speech_is_heard_in_pieces() -> None:
    whisper = FakeWhisper()
    cascade = OfflineCascade(ears(whisper), FakeLLM(), profile_config("embedded"))
    text = "".join(random.Random(1).choices(VOICE[:14], k=160))  # 32 s
    assert await cascade.transcribe(spoken(text), "zh") == text
    assert whisper.calls == 2


async def test_a_failing_model_is_not_hidden(tmp_path: Path) -> None:
    llm = FakeLLM()
    cascade = OfflineCascade(
        ears(FakeWhisper(faults=[EngineError("broken")])), llm, profile_config("embedded")
    )
    with pytest.raises(EngineError, match="broken"):
        await cascade.run(talk(tmp_path), lambda: None)
    assert llm.lanes == 0
