"""What is compared is what was asked for, and Whisper alone speaks as it should."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation import measure, virtual
from evaluation.charge import Free
from evaluation.conversation import ReplayError
from evaluation.emissions import translation
from evaluation.engines import Engines
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.systems import NAMES, sweep, systems
from models.config import profile_config
from models.errors import ConfigError, EngineError
from tests.evaluation.talks import TEXTS, make_talk
from tests.models.fakes_engines import FakeLLM, FakeWhisper, ears, in_english
from tongchuan.events import ChunkFinal, ErrorEvent, TranslationDelta
from tongchuan.settings import models_config

CONFIG = profile_config("embedded")


class Translating(FakeWhisper):
    """Its tokens are English words."""

    def decode(self, tokens: Sequence[int]) -> str:
        """See `WhisperEngine`."""
        text = "".join(" " + in_english(char) for char in super().decode(tokens))
        return text.replace(" ,", ",").replace(" .", ".")


def streamed(
    recording: Recording, name: str, whisper: FakeWhisper, llm: FakeLLM | None = None
) -> SessionLog:
    (system,) = systems([name], CONFIG)
    engines = Engines(ears(whisper), llm or FakeLLM())
    return virtual.replay(recording, engines, system, charge=Free())[0]


@pytest.fixture
def talk(tmp_path: Path) -> Recording:
    return make_talk(tmp_path / "zh-fake.flac")


@pytest.mark.parametrize("name", NAMES)
def test_every_system_says_all_of_it(talk: Recording, name: str) -> None:
    whisper = Translating() if name == "direct" else FakeWhisper()
    log = streamed(talk, name, whisper)
    said = translation(log, "en").replace(",", "").replace(".", "")
    assert said.split() == in_english("".join(TEXTS)).replace(",", "").replace(".", "").split()
    assert not [item for item in log.received if isinstance(item.event, ErrorEvent)]


def test_whisper_alone_translates_without_a_language_model(talk: Recording) -> None:
    whisper, llm = Translating(), FakeLLM()
    log = streamed(talk, "direct", whisper, llm)
    assert whisper.tasks == {"translate"}
    assert llm.asked == []
    finals = [item.event for item in log.received if isinstance(item.event, ChunkFinal)]
    assert len(finals) == len(TEXTS), "a chunk a sentence"
    for final, text in zip(finals, TEXTS, strict=True):
        assert final.translation == in_english(text)
        deltas = [
            item.event.delta
            for item in log.received
            if isinstance(item.event, TranslationDelta) and item.event.chunk == final.chunk
        ]
        assert len(deltas) > 1, "it grows while the speech goes on"
        assert "".join(deltas) == final.translation
    assert finals[0].end_ms <= finals[1].start_ms
    figures = measure.streamed([(talk, log)])
    assert figures.texts.error is None
    assert figures.texts.by_segment is not None
    assert figures.texts.by_segment.bleu > 90


def test_a_recogniser_that_fails_is_reported_and_it_goes_on(talk: Recording) -> None:
    whisper = Translating(faults=[EngineError("gone"), EngineError("gone again")])
    log = streamed(talk, "direct", whisper)
    errors = [item.event for item in log.received if isinstance(item.event, ErrorEvent)]
    assert [error.code for error in errors] == ["recogniser_failed"]
    assert in_english(TEXTS[1]) in translation(log, "en")


def test_whisper_alone_speaks_english_only(talk: Recording, tmp_path: Path) -> None:
    other = Recording("en-x", talk.audio, talk.duration_s, "en", "zh", talk.segments)
    with pytest.raises(ReplayError, match="into English only"):
        streamed(other, "direct", FakeWhisper())


def test_settings_are_combined() -> None:
    found = systems(["semantic", "pause"], CONFIG, ["policy.min_chars=4,8", "listening.trim_s=6"])
    assert [system.name for system in found] == [
        "semantic min_chars=4 trim_s=6",
        "semantic min_chars=8 trim_s=6",
        "pause min_chars=4 trim_s=6",
        "pause min_chars=8 trim_s=6",
    ]
    assert [system.config.policy.min_chars for system in found] == [4, 8, 4, 8]
    assert {system.config.listening.trim_s for system in found} == {6.0}
    assert {system.config.policy.name for system in found[2:]} == {"pause"}


def test_a_sweep_holds_what_is_configured_once() -> None:
    found = sweep([], CONFIG)
    assert [system.name for system in found if system.config == CONFIG and not system.direct] == [
        "semantic"
    ]
    assert {system.family for system in found} == set(NAMES)
    assert len({system.name for system in found}) == len(found)
    first, quick, *_, patient = sweep(["semantic"], CONFIG)
    assert first.config == CONFIG
    for key in ("min_chars", "boundary", "pause_ms", "max_lag_ms"):
        assert getattr(quick.config.policy, key) < getattr(patient.config.policy, key)


def test_by_default_it_is_what_is_configured() -> None:
    (system,) = systems([], CONFIG)
    assert (system.name, system.config) == ("semantic", CONFIG)


def test_a_server_can_be_started_as_any_system() -> None:
    (system,) = systems(["wait-k"], CONFIG, ["policy.k=5"])
    served = models_config("embedded", system.settings)
    assert served == system.config


@pytest.mark.parametrize(
    ("names", "varied", "words"),
    [
        (["wait-q"], [], "there are: semantic"),
        ([], ["policy.min_chars"], "GROUP.KEY=VALUE"),
        ([], ["llm.model=a,b"], "listening, policy, recall, speaking"),
        ([], ["policy.max=3"], "it has: name, min_chars"),
        ([], ["policy.min_chars=4,-1"], "policy.min_chars=-1: "),
    ],
)
def test_what_is_no_system_is_said(names: list[str], varied: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        systems(names, CONFIG, varied)
