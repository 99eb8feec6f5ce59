"""Subtitle files parse back to what was said, and are written whole or not at all."""

from __future__ import annotations

import html
import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchuan import subtitles
from tongchuan.cues import cues
from tongchuan.errors import OutputError
from tongchuan.events import ChunkFinal, LagSummary, Limits, SessionEnded, SessionStarted, Term
from tongchuan.transcript import Transcript

texts = st.text("ab -<>&{}\\\n\r\u2028\"'你。1:,", max_size=120)
transcripts = st.lists(st.tuples(st.integers(0, 9_000_000), texts, texts), max_size=5).map(
    lambda rows: Transcript(
        chunks=[
            ChunkFinal(1, 0, number, source, translation, start, start + 3000)
            for number, (start, translation, source) in enumerate(rows, 1)
        ]
    )
)
Parsed = list[tuple[int, int, list[str]]]


def milliseconds(clock: str) -> int:
    hours, minutes, seconds, ms = (int(part) for part in re.split("[:.,]", clock))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def parsed(text: str, point: str) -> Parsed:
    """A strict reader of blocks: number, times, lines, an empty line between."""
    found: Parsed = []
    for number, block in enumerate(filter(None, re.split(r"\n\n", text.strip("\n"))), 1):
        index, times, *lines = block.split("\n")
        match = re.fullmatch(
            rf"(\d\d+:\d\d:\d\d{point}\d\d\d) --> (\d\d+:\d\d:\d\d{point}\d\d\d)", times
        )
        assert index == str(number)
        assert match
        assert lines
        assert all("-->" not in line for line in lines)
        found.append((milliseconds(match[1]), milliseconds(match[2]), lines))
    return found


@given(transcripts, st.booleans())
def test_srt_parses_back(transcript: Transcript, bilingual: bool) -> None:
    wanted = [
        (cue.start_ms, cue.end_ms, [line.replace("-->", "->") for line in cue.lines])
        for cue in cues(transcript.chunks, bilingual=bilingual)
    ]
    assert parsed(subtitles.srt(transcript, bilingual=bilingual), ",") == wanted


@given(transcripts, st.booleans())
def test_vtt_parses_back(transcript: Transcript, bilingual: bool) -> None:
    text = subtitles.vtt(transcript, bilingual=bilingual)
    assert text.startswith("WEBVTT\n")
    body = text.removeprefix("WEBVTT\n").removeprefix("\n")
    found = [
        (start, end, [html.unescape(line) for line in lines])
        for start, end, lines in parsed(body, r"\.")
    ]
    wanted = [
        (c.start_ms, c.end_ms, list(c.lines)) for c in cues(transcript.chunks, bilingual=bilingual)
    ]
    assert found == wanted
    assert not re.search(r"<|>(?!\s\d\d)", body.replace(" --> ", ""))


@given(transcripts)
def test_json_holds_everything(transcript: Transcript) -> None:
    transcript.started = SessionStarted(1, 0, "id", "zh", "en", Limits(1), profile="embedded")
    transcript.ended = SessionEnded(9, 0, 5000, 1, LagSummary(10, 20))
    document = json.loads(subtitles.as_json(transcript))
    assert (document["source"], document["target"], document["audio_ms"]) == ("zh", "en", 5000)
    assert document["lag_ms"] == {"p50": 10, "p95": 20}
    for chunk, row in zip(transcript.chunks, document["chunks"], strict=True):
        assert (row["source"], row["translation"]) == (chunk.source, chunk.translation)
        assert (row["start_ms"], row["end_ms"]) == (chunk.start_ms, chunk.end_ms)
        assert {"chunk", "lag_ms", "terms"} <= set(row)
        assert not {"seq", "at_ms"} & set(row)  # of the session, not of what was said


def test_json_names_the_terms() -> None:
    chunk = ChunkFinal(1, 0, 1, "同传", "Tongchuan", 0, 1, terms=(Term("同传", "Tongchuan", "n"),))
    (row,) = json.loads(subtitles.as_json(Transcript(chunks=[chunk])))["chunks"]
    assert row["terms"] == [{"source": "同传", "target": "Tongchuan", "note": "n"}]


def test_plain_text() -> None:
    chunks = [
        ChunkFinal(1, 0, 1, "你好", "Hello\nthere", 0, 1),
        ChunkFinal(2, 0, 2, "嗯", "", 1, 2),
        ChunkFinal(3, 0, 3, "再见", "Bye", 2, 3),
    ]
    assert subtitles.txt(Transcript(chunks=chunks)) == "Hello there\nBye\n"
    both = subtitles.txt(Transcript(chunks=chunks), bilingual=True)
    assert both == "你好\nHello there\n\n嗯\n\n\n再见\nBye\n\n"


def test_hours() -> None:
    chunk = ChunkFinal(1, 0, 1, "", "Late.", 360_061_007, 360_062_007)
    text = subtitles.srt(Transcript(chunks=[chunk]))
    assert text == "1\n100:01:01,007 --> 100:01:02,007\nLate.\n"


def test_no_speech_is_a_valid_file() -> None:
    empty = Transcript()
    assert subtitles.srt(empty) == ""
    assert subtitles.vtt(empty) == "WEBVTT\n"
    assert json.loads(subtitles.as_json(empty))["chunks"] == []


def test_written_whole_with_usual_rights(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text("old")
    path.unlink()
    subtitles.write(path, "你好\n")
    assert path.read_bytes() == "你好\n".encode()
    reference = tmp_path / "b"
    reference.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(reference.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["a.srt", "b"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.srt"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.srt: No space left"):
        subtitles.write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.srt"]


def test_a_device_is_written_to_not_replaced() -> None:
    subtitles.write(Path(os.devnull), "text")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_what_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    subtitles.check_writable([tmp_path / "a", tmp_path / "b"])
    for paths, words in (
        ([tmp_path], "is a folder"),
        ([tmp_path / "none" / "a"], "does not exist"),
        ([tmp_path / "a", tmp_path / "." / "a"], "same file"),
    ):
        with pytest.raises(OutputError, match=words):
            subtitles.check_writable(paths)
