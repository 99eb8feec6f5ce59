"""Replays against a server that speaks as WhisperLiveKit's does, on a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from evaluation import conversation
from evaluation.adapters import wire
from evaluation.adapters.whisperlivekit import whisperlivekit
from evaluation.conversation import ReplayError
from evaluation.emissions import translation
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from tests.evaluation import others
from tests.evaluation.others import WhisperLiveKit, at, closing, saying
from tongchuan.events import SessionEnded, Term, TranslationDelta, TranslationPreview

SPEED = 8.0
CONFIG = {"type": "config", "useAudioWorklet": True, "mode": "full"}
PAUSE = {"speaker": -2, "text": None, "start": "0:00:00.10", "end": "0:00:00.20"}


def line(text: str, translated: str = "", start: str = "0:00:00.10") -> dict[str, Any]:
    made = {"speaker": 1, "text": text, "start": start, "end": "0:00:00.50"}
    return made | ({"translation": translated} if translated else {})


def state(*lines: dict[str, Any], **buffers: str) -> dict[str, Any]:
    return {
        "status": "active_transcription",
        "lines": list(lines),
        "buffer_transcription": buffers.get("spoken", ""),
        "buffer_diarization": buffers.get("unattributed", ""),
        "buffer_translation": buffers.get("translated", ""),
        "remaining_time_transcription": 0.1,
        "remaining_time_diarization": 0,
    }


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return others.spoken(tmp_path / "made.flac")


async def heard(recording: Recording, *states: Any) -> SessionLog:
    async with at(WhisperLiveKit(states, every_ms=60)) as url:
        return await whisperlivekit(recording, f"{url}/asr", speed=SPEED)


def deltas(log: SessionLog) -> list[str]:
    return [i.event.delta for i in log.received if isinstance(i.event, TranslationDelta)]


def previews(log: SessionLog) -> list[str]:
    return [i.event.text for i in log.received if isinstance(i.event, TranslationPreview)]


async def test_the_address_the_audio_and_the_end_are_as_it_wants_them(
    recording: Recording,
) -> None:
    server = WhisperLiveKit()
    async with at(server) as url:
        log = await whisperlivekit(recording, f"{url}/asr", speed=SPEED)
    assert urlsplit(server.path).path == "/asr"
    assert parse_qs(urlsplit(server.path).query) == {
        "language": ["zh"],
        "target_language": ["en"],
        "mode": ["full"],
    }
    assert np.frombuffer(bytes(server.heard), "<i2").tolist() == recording.samples().tolist()
    (last,) = log.received
    assert isinstance(last.event, SessionEnded)
    assert last.sent_ms == 600


async def test_what_the_query_says_stays(recording: Recording) -> None:
    server = WhisperLiveKit()
    async with at(server) as url:
        await whisperlivekit(recording, f"{url}/asr?language=auto&token=x&mode=diff", speed=SPEED)
    query = parse_qs(urlsplit(server.path).query)
    assert (query["language"], query["token"], query["mode"]) == (["auto"], ["x"], ["full"])


async def test_lines_are_committed_and_the_buffer_is_a_preview(recording: Recording) -> None:
    log = await heard(
        recording,
        state(spoken=" We"),
        state(line(" We"), spoken=" will"),
        state(line(" We will"), spoken=" meat"),
        state(line(" We will meet."), PAUSE),
        state(line(" We will meet."), PAUSE, line(" Bye.", start="0:00:06.00")),
    )
    assert deltas(log) == ["We", " will", " meet.", " Bye."]
    assert previews(log) == ["We", "will", "meat", ""]
    assert translation(log, "en") == "We will meet. Bye."


async def test_translations_are_taken_from_where_they_stand(recording: Recording) -> None:
    log = await heard(
        recording,
        state(line("我们"), spoken="见面"),
        state(line("我们", "We "), spoken="见面", translated="meat"),
        state(line("我们见面", "We meet "), translated="again"),
    )
    assert deltas(log) == ["We", " meet", " again"]  # what is left at the end is final then
    assert previews(log) == ["meat", "again", ""]


async def test_text_may_move_to_another_line(recording: Recording) -> None:
    """As it does when a speaker changes or a translation is late: nothing was taken back."""
    log = await heard(
        recording,
        state(line("甲", "One two three")),
        state(line("甲", "One"), line("乙", "two three", start="0:00:02.00")),
    )
    assert deltas(log) == ["One two three"]
    assert not previews(log)


async def test_a_changed_line_is_never_committed(recording: Recording) -> None:
    log = await heard(
        recording,
        state(line(" We will")),
        state(line(" We will meat")),
        state(line(" We will meet her")),
        state(line(" We will meet her now")),
    )
    assert translation(log, "en") == "We will meet her now"
    assert "meat" not in "".join(deltas(log))
    assert "meat" in previews(log)


async def test_lines_may_wait_for_their_speaker(recording: Recording) -> None:
    log = await heard(
        recording,
        state(line(" We")),
        state(unattributed=" We will", spoken=" meet"),
        state(line(" We will"), spoken=" meet"),
    )
    assert translation(log, "en") == "We will meet"


async def test_chinese_has_no_spaces_between_lines(tmp_path: Path) -> None:
    recording = others.spoken(tmp_path / "made.flac", source="en")
    log = await heard(
        recording, state(line("One", "一"), line("Two", "二", start="0:00:02.00"), translated="三")
    )
    assert translation(log, "zh") == "一二三"


@pytest.mark.parametrize(("source", "text"), [("zh", "我们见面"), ("en", "We will meet.")])
async def test_speech_written_down_is_no_translation(
    tmp_path: Path, source: str, text: str
) -> None:
    recording = others.spoken(tmp_path / "made.flac", source=source)
    with pytest.raises(ReplayError, match=f"{source}-made: .*translated nothing"):
        await heard(recording, state(line(text)))


async def test_terms_are_refused(recording: Recording) -> None:
    with pytest.raises(ReplayError, match="zh-made: WhisperLiveKit takes no terms"):
        await whisperlivekit(recording, "ws://127.0.0.1:9/asr", terms=[Term("甲", "A")])


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (saying(CONFIG | {"useAudioWorklet": False}), "start WhisperLiveKit with --pcm-input"),
        (saying({"type": "error", "error": "no such language"}), "says: no such language"),
        (saying(CONFIG, state() | {"error": "FFmpeg failed"}), "says: FFmpeg failed"),
        (saying(state()), "is the path /asr?"),
        (saying("Hello"), "no JSON object: 'Hello'"),
        (saying(CONFIG, {"type": "diff", "new_lines": []}), "where its lines were due"),
        (saying(CONFIG, {"lines": "one"}), "where its lines were due"),
        (saying(CONFIG, {"lines": [{"text": 1}]}), "where its lines were due"),
        (
            saying(CONFIG, state(line("One")), state(line("Two", start="0:00:09.00"))),
            "dropped its first line",
        ),
        (saying(CONFIG, {"type": "ready_to_stop"}), "before the audio was over"),
        (saying(CONFIG, {"lines": [], "x": "x" * 5_000_000}), "a message of over 4194304 bytes"),
        (closing(4400, "invalid session parameters"), r"\(code 4400 invalid session parameters\)"),
        (others.vanish, "without a word"),
    ],
)
async def test_a_server_that_goes_wrong(tmp_path: Path, handler: Any, words: str) -> None:
    """Long before the audio is over."""
    recording = others.spoken(tmp_path / "made.flac", 20.0)
    async with at(handler) as url:
        with pytest.raises(ReplayError, match=f"zh-made: .*{words}"):
            await whisperlivekit(recording, f"{url}/asr", speed=SPEED)


@pytest.mark.parametrize("done", [state(), state(line("One"))])
async def test_a_server_that_never_ends(
    recording: Recording, done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "GRACE_S", 0.2)
    monkeypatch.setattr(wire, "CLOSE_LIMIT_S", 0.2)
    async with at(WhisperLiveKit(done=done)) as url:
        with pytest.raises(ReplayError, match=r"zh-made: .* 0\.2 s after its audio"):
            await whisperlivekit(recording, f"{url}/asr", speed=SPEED)


async def test_a_server_that_refuses(recording: Recording) -> None:
    async with at(others.hush, refuse=others.forbidden) as url:
        with pytest.raises(ReplayError, match=r"zh-made: ws://127.* answered HTTP 403") as caught:
            await whisperlivekit(recording, f"{url}/asr?token=secret")
    assert "secret" not in str(caught.value)
