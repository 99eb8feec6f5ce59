"""Replays against a server that speaks as simulstream's does, on a real socket."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from evaluation import conversation
from evaluation.adapters import ADAPTERS, wire
from evaluation.adapters.simulstream import simulstream
from evaluation.conversation import ReplayError
from evaluation.emissions import translation
from evaluation.log import load
from evaluation.recordings import Recording
from tests.evaluation import others
from tests.evaluation.others import Simulstream, at, closing, saying
from tongchuan.events import SessionEnded, Term, TranslationDelta, TranslationPreview

SPEED = 8.0


def answer(new: str, deleted: str = "") -> dict[str, str]:
    return {"new": new, "deleted": deleted}


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return others.spoken(tmp_path / "made.flac")


async def test_the_start_the_audio_and_the_end_are_as_it_wants_them(recording: Recording) -> None:
    server = Simulstream([answer("")])
    async with at(server) as url:
        log = await simulstream(recording, url, speed=SPEED)
    assert server.start == {
        "sample_rate": 16_000,
        "source_lang": "zh",
        "target_lang": "en",
        "metrics_metadata": {"wav_name": "made.flac"},
    }
    assert server.samples.tolist() == recording.samples().tolist()
    assert (log.recording, log.speed, log.duration_s) == (recording.id, SPEED, 0.6)
    (last,) = log.received
    assert isinstance(last.event, SessionEnded)
    assert last.event.audio_ms == last.sent_ms == 600


async def test_the_query_says_what_it_calls_the_languages(recording: Recording) -> None:
    server = Simulstream([answer("")])
    async with at(server) as url:
        await simulstream(recording, f"{url}/?source_lang=cmn&target_lang=eng", speed=SPEED)
    assert (server.start["source_lang"], server.start["target_lang"]) == ("cmn", "eng")


async def test_what_only_grows_is_committed_when_it_comes(
    recording: Recording, tmp_path: Path
) -> None:
    server = Simulstream([answer("Hello"), answer(""), answer(" wor"), answer("ld")])
    async with at(server) as url:
        log = await simulstream(recording, url, speed=SPEED)
    deltas = [item for item in log.received if isinstance(item.event, TranslationDelta)]
    assert [d.event.delta for d in deltas if isinstance(d.event, TranslationDelta)] == [
        "Hello",
        " wor",
        "ld",
    ]
    assert translation(log, "en") == "Hello world"
    due_ms = [server.after_ms[0], server.after_ms[2], 600]
    assert all(item.sent_ms >= ms - 60 for item, ms in zip(deltas, due_ms, strict=True))
    times = [item.at_s for item in log.received]
    assert times == sorted(times)
    log.save(tmp_path / "log.json")
    assert [item.event for item in load(tmp_path / "log.json").received] == [
        item.event for item in log.received
    ]


async def test_deleted_text_was_never_committed(recording: Recording) -> None:
    answers = [
        answer("We meat"),
        answer("eet her", "eat"),
        answer(" at the gates"),
        answer("", " the gates"),
        answer(" noon."),
    ]
    async with at(Simulstream(answers, every_ms=60)) as url:
        log = await simulstream(recording, url, speed=SPEED)
    texts, text = [], ""
    for each in answers:
        text = text[: len(text) - len(each["deleted"])] + each["new"]
        texts.append(text)
    assert translation(log, "en") == texts[-1] == "We meet her at noon."
    shown = [i.event.text for i in log.received if isinstance(i.event, TranslationPreview)]
    assert any("the gates" in text for text in shown)
    deltas = [i.event.delta for i in log.received if isinstance(i.event, TranslationDelta)]
    assert not [text for text in itertools.accumulate(deltas) if "gates" in text or "eat" in text]


async def test_previews_may_be_left_out(recording: Recording) -> None:
    answers = [answer("We meat"), answer("eet", "eat"), answer(" her")]
    async with at(Simulstream(answers)) as url:
        log = await ADAPTERS["simulstream"](recording, url, speed=SPEED, previews=False)
    assert translation(log, "en") == "We meet her"
    assert not [item for item in log.received if isinstance(item.event, TranslationPreview)]


async def test_terms_are_refused(recording: Recording) -> None:
    with pytest.raises(ReplayError, match="zh-made: simulstream takes no terms"):
        await simulstream(recording, "ws://127.0.0.1:9", terms=[Term("甲", "A")])


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (saying("no JSON"), "no JSON object: 'no JSON'"),
        (saying(b"\x00\x01"), "no JSON object"),
        (saying([1, 2]), "no JSON object"),
        (saying("[" * 100_000), "no JSON object"),
        (saying({"text": "Hello"}), "where new and deleted were due"),
        (saying({"new": 5, "deleted": ""}), "where new and deleted were due"),
        (saying(answer("Hello"), answer("", "Hello!")), "deleted 6 of 5 characters"),
        (saying({"end_of_processing": True}), "before the audio was over"),
        (saying("x" * 5_000_000), "a message of over 4194304 bytes"),
        (closing(1000), r"closed before the session was over \(code 1000\)"),
        (closing(1011, "no processor"), r"\(code 1011 no processor\)"),
        (others.vanish, r"closed before the session was over \(without a word\)"),
    ],
)
async def test_a_server_that_goes_wrong(tmp_path: Path, handler: Any, words: str) -> None:
    """Long before the audio is over."""
    recording = others.spoken(tmp_path / "made.flac", 20.0)
    async with at(handler) as url:
        with pytest.raises(ReplayError, match=f"zh-made: .*{words}"):
            await simulstream(recording, url, speed=SPEED)


@pytest.mark.parametrize("handler", [others.hush, others.deaf, Simulstream([answer("")], done={})])
async def test_a_server_that_never_ends(
    recording: Recording, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "GRACE_S", 0.2)
    monkeypatch.setattr(wire, "CLOSE_LIMIT_S", 0.2)
    if isinstance(handler, Simulstream):
        handler.done = answer("more")
    async with at(handler) as url:
        with pytest.raises(ReplayError, match=r"zh-made: the session was not over 0\.2 s after"):
            await simulstream(recording, url, speed=SPEED)


async def test_a_server_that_reads_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket fills, and sending blocks."""
    monkeypatch.setattr(conversation, "GRACE_S", 1.0)
    monkeypatch.setattr(wire, "CLOSE_LIMIT_S", 0.2)
    long = others.spoken(tmp_path / "long.flac", 600.0)
    async with at(others.deaf) as url:
        with pytest.raises(ReplayError, match="zh-long: the session was not over 1 s after"):
            await simulstream(long, url, speed=1e6)


async def test_a_server_that_refuses(recording: Recording) -> None:
    async with at(others.hush, refuse=others.forbidden) as url:
        with pytest.raises(ReplayError, match=r"zh-made: ws://127.* answered HTTP 403") as caught:
            await simulstream(recording, f"{url}/?key=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9/?key=secret", "127.0.0.1?key=secret", "ws://[1"])
async def test_nobody_there(recording: Recording, url: str) -> None:
    with pytest.raises(ReplayError, match=r"zh-made: .*(cannot connect|no address)") as caught:
        await simulstream(recording, url)
    assert "secret" not in str(caught.value)
