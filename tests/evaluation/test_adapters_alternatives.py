"""Replays against the other projects' real servers, and what they wrote down themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from evaluation import inputs
from evaluation.adapters import wire
from evaluation.adapters.simulstream import simulstream
from evaluation.adapters.whisperlivekit import whisperlivekit
from evaluation.conversation import ReplayError
from evaluation.emissions import translation
from evaluation.log import SessionLog
from models.weights import locate
from tests.evaluation import others
from tests.evaluation.alternatives import Environment, free_port
from tongchuan.events import (
    ErrorEvent,
    Notice,
    SessionEnded,
    TranslationDelta,
    TranslationPreview,
)
from tongchuan.settings import models_config

pytestmark = [pytest.mark.alternatives, pytest.mark.timeout(600)]

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
CHUNK_S = 0.25
GROWING = ["▁We", "▁will", "▁meet", "▁at", "▁noon", "."]
HYPOTHESES = [
    GROWING[:2],
    GROWING[:3],
    [*GROWING[:2], "▁mee", "ting"],  # another continuation: what was shown goes
    GROWING[:4],
    GROWING[1:5],  # the window has moved on
    GROWING[2:6],
]


@asynccontextmanager
async def serving(
    alternatives: Environment, folder: Path, hypotheses: Sequence[Sequence[str]], **more: Any
) -> AsyncIterator[str]:
    """Simulstream's server, whose retranslation has these outputs; it logs to metrics.jsonl."""
    port = free_port()
    server = {
        "hostname": "127.0.0.1",
        "port": port,
        "pool_size": 1,
        "acquire_timeout": 1,
        "metrics": {"enabled": True, "filename": "metrics.jsonl"},
    }
    processor = {
        "type": "processors.Retranslating",
        "speech_chunk_size": CHUNK_S,
        "window_len": 1,
        "hypotheses": hypotheses,
        "detokenizer_type": "simuleval",
        "latency_unit": "spm",
        **more,
    }
    for name, body in (("server.yaml", server), ("processor.yaml", processor)):
        (folder / name).write_text(json.dumps(body), encoding="utf-8")  # YAML too
    words = ["-m", "simulstream.server.websocket_server", "--server-config", "server.yaml"]
    words += ["--speech-processor-config", "processor.yaml"]
    path = HERE / "simulstream_path"
    async with alternatives.serving(*words, port=port, folder=folder, path=path) as url:
        yield url


def steps(folder: Path) -> list[Mapping[str, Any]]:
    """What the server itself wrote of the sessions."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if "generated_tokens" in row]


def texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What stood after each step."""
    tokens: list[str] = []
    found = []
    for row in rows:
        deleted = row["deleted_tokens"]
        assert tokens[len(tokens) - len(deleted) :] == deleted
        tokens = tokens[: len(tokens) - len(deleted)] + row["generated_tokens"]
        found.append("".join(tokens).replace("▁", " "))
    return found


def committed(log: SessionLog) -> list[tuple[int, str]]:
    """All committed text after each delta, and the audio sent by then (ms)."""
    deltas = [
        (item.sent_ms, item.event.delta)
        for item in log.received
        if isinstance(item.event, TranslationDelta)
    ]
    grown = accumulate(delta for _, delta in deltas)
    return list(zip((sent_ms for sent_ms, _ in deltas), grown, strict=True))


async def test_simulstream_that_only_adds(alternatives: Environment, tmp_path: Path) -> None:
    """Every step is a delta, and none came before its audio had been sent."""
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    hypotheses = [GROWING[: number + 1] for number in range(len(GROWING))]
    async with serving(alternatives, tmp_path, hypotheses) as url:
        log = await simulstream(recording, url)
    rows = steps(tmp_path)
    assert not [row for row in rows if row["deleted_tokens"]]
    assert translation(log, "en") == "We will meet at noon."
    seen = committed(log)
    told = [
        (text, row["total_audio_processed"])
        for text, row in zip(texts(rows), rows, strict=True)
        if row["generated_tokens"]
    ]
    assert [text for _, text in seen] == [text for text, _ in told]
    assert all(
        sent_ms + 60 >= audio_s * 1000
        for (sent_ms, _), (_, audio_s) in zip(seen, told, strict=True)
    )
    assert not [item for item in log.received if isinstance(item.event, (Notice, ErrorEvent))]


async def test_simulstream_that_translates_again(alternatives: Environment, tmp_path: Path) -> None:
    """Of two sessions one after the other; text that it deleted was never committed."""
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    async with serving(alternatives, tmp_path, HYPOTHESES) as url:
        first = await simulstream(recording, url, speed=2.0)
        log = await simulstream(recording, url)
    rows = steps(tmp_path)
    rows = rows[len(rows) // 2 :]
    assert [row for row in rows if row["deleted_tokens"]]
    shown = texts(rows)
    assert translation(log, "en") == translation(first, "en") == shown[-1].strip()
    assert not [text for _, text in committed(log) if "meeting" in text]
    assert any(
        "meeting" in item.event.text
        for item in log.received
        if isinstance(item.event, TranslationPreview)
    )
    assert any(isinstance(item.event, Notice) for item in log.received)
    assert isinstance(log.received[-1].event, SessionEnded)


async def test_simulstream_reads_its_own_log_of_our_session(
    alternatives: Environment, tmp_path: Path
) -> None:
    """The recording's name is there, and its reader's final text is that of our log."""
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    async with serving(alternatives, tmp_path, HYPOTHESES) as url:
        log = await simulstream(recording, url)
    script = (
        "from simulstream.config import yaml_config\n"
        "from simulstream.metrics.readers import LogReader\n"
        "import json\n"
        "reader = LogReader(yaml_config('processor.yaml'), 'metrics.jsonl')\n"
        "print(json.dumps(reader.final_outputs()))\n"
    )
    found = alternatives.run("-c", script, folder=tmp_path, path=HERE / "simulstream_path")
    assert json.loads(found) == {"made": translation(log, "en")}


async def test_simulstream_whose_model_breaks(alternatives: Environment, tmp_path: Path) -> None:
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    async with serving(alternatives, tmp_path, HYPOTHESES, fails_at=2) as url:
        with pytest.raises(ReplayError, match="zh-made: the connection closed before"):
            await simulstream(recording, url)


async def test_simulstream_without_a_free_processor(
    alternatives: Environment, tmp_path: Path
) -> None:
    recording = others.spoken(tmp_path / "made.flac", 3.0)
    async with serving(alternatives, tmp_path, HYPOTHESES) as url:
        busy = wire.Wire("busy", url, farewell="{}", last=bool, greeting="{}")
        async with busy:
            with pytest.raises(ReplayError, match="zh-made: the connection closed before"):
                await simulstream(recording, url)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[wire.Message]:
    """All that a server sends, as it came."""
    found: list[wire.Message] = []
    next_one = wire.Wire._next

    async def noting(self: wire.Wire) -> wire.Message:
        found.append(await next_one(self))
        return found[-1]

    monkeypatch.setattr(wire.Wire, "_next", noting)
    return found


def standing(message: wire.Message, *fields: str) -> str:
    """What WhisperLiveKit's lines say in `fields[0]`, and what is in the buffer `fields[1:]`."""
    lines = ((line.get(fields[0]) or "").strip() for line in message["lines"])
    return " ".join(filter(None, [*lines, *(message[name].strip() for name in fields[1:])]))


def held(log: SessionLog, messages: Sequence[wire.Message], field: str, buffer: str) -> None:
    """The log is what came: all that stood at last, and nothing committed that ever changed."""
    states = [message for message in messages if "lines" in message]
    assert translation(log, "en") == standing(states[-1], field, buffer)
    lines = [standing(state, field) for state in states]
    for _, text in committed(log)[:-1]:
        first = next(number for number, line in enumerate(lines) if line.startswith(text))
        assert all(line.startswith(text) for line in lines[first:])
    assert isinstance(log.received[-1].event, SessionEnded)
    assert messages[-1] == {"type": "ready_to_stop"}


@asynccontextmanager
async def whispering(
    alternatives: Environment, folder: Path, *options: str, module: str = "scripted"
) -> AsyncIterator[str]:
    """WhisperLiveKit's server with LocalAgreement, for speech in Chinese; its address."""
    port = free_port()
    words = ["-m", module, "--host", "127.0.0.1", "--port", str(port), "--lan", "zh"]
    words += ["--backend-policy", "localagreement", *options]
    path = HERE / "whisperlivekit_path"
    async with alternatives.serving(*words, port=port, folder=folder, path=path) as url:
        yield f"{url}/asr"


async def test_whisperlivekit_whose_lines_are_the_translation(
    alternatives: Environment, tmp_path: Path, messages: list[wire.Message]
) -> None:
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    options = ("--pcm-input", "--no-vac", "--direct-english-translation")
    async with whispering(alternatives, tmp_path, *options) as url:
        log = await whisperlivekit(recording, url)
    held(log, messages, "text", "buffer_transcription")
    assert translation(log, "en") == "We tomorrow morning nine meet"
    buffers = [message["buffer_transcription"] for message in messages if "lines" in message]
    shown = [i.event.text for i in log.received if isinstance(i.event, TranslationPreview)]
    assert any("x" in text for text in shown) == any("x" in text for text in buffers)
    assert not [text for _, text in committed(log) if "x" in text]  # what was misheard


async def test_whisperlivekit_that_translates_its_lines(
    alternatives: Environment, tmp_path: Path, messages: list[wire.Message]
) -> None:
    """The last word is left in its buffer when the session ends."""
    recording = others.spoken(tmp_path / "made.flac", 1.6)
    options = ("--pcm-input", "--no-vac", "--target-language", "en")
    async with whispering(alternatives, tmp_path, *options) as url:
        log = await whisperlivekit(recording, url)
    held(log, messages, "translation", "buffer_translation")
    assert translation(log, "en") == "We tomorrow morning nine meet"
    assert messages[-2]["buffer_translation"] == "meet"


async def test_whisperlivekit_that_waits_for_files(
    alternatives: Environment, tmp_path: Path
) -> None:
    recording = others.spoken(tmp_path / "made.flac")
    async with whispering(alternatives, tmp_path, "--no-vac") as url:
        with pytest.raises(ReplayError, match="zh-made: start WhisperLiveKit with --pcm-input"):
            await whisperlivekit(recording, url)
        with pytest.raises(ReplayError, match=r"answered HTTP 40[34]"):
            await whisperlivekit(recording, url.removesuffix("/asr"))


async def test_whisperlivekit_with_a_key(alternatives: Environment, tmp_path: Path) -> None:
    recording = others.spoken(tmp_path / "made.flac")
    options = ("--pcm-input", "--no-vac", "--direct-english-translation", "--api-token", "open")
    async with whispering(alternatives, tmp_path, *options) as url:
        with pytest.raises(ReplayError, match="answered HTTP 403"):
            await whisperlivekit(recording, url)
        log = await whisperlivekit(recording, f"{url}?token=open")
    assert isinstance(log.received[-1].event, SessionEnded)


@pytest.mark.parametrize("name", ["zh-short", "zh-numbers"])
async def test_whisperlivekit_with_whisper(
    alternatives: Environment, tmp_path: Path, messages: list[wire.Message], name: str
) -> None:
    """Whisper base, translating into English by itself."""
    recording = inputs.load(DATA, name).recordings[0]
    weights = locate("whisper-base", models_config("embedded").weights)
    options = ["--backend", "faster-whisper", "--model_dir", str(weights), "--warmup-file", ""]
    options += ["--pcm-input", "--direct-english-translation"]
    module = "whisperlivekit.basic_server"
    async with whispering(alternatives, tmp_path, *options, module=module) as url:
        log = await whisperlivekit(recording, url)
    held(log, messages, "text", "buffer_transcription")
    assert len(translation(log, "en").split()) > 3
