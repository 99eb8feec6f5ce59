"""Other toolkits read what we write: OmniSTEval itself, simulstream as its reader is written."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.emissions import emissions
from evaluation.exports import ExportError, simuleval, simulstream
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.segmenting import segmented
from tests.evaluation.sessions import log, recording
from tongchuan.events import TranslationDelta


def told(chunk: int, text: str, heard_ms: int) -> TranslationDelta:
    return TranslationDelta(1, 0, chunk, text, heard_ms)


TALK = recording((0.0, 2.0, "甲", "A fine  day"), (2.0, 4.0, "嗯", ""), (4.0, 6.0, "乙", "We go."))
SEEN = log(
    (1.5, told(1, "A fi", 1000)),
    (1.8, told(1, "ne day", 1000)),
    (5.5, told(2, "We go.", 5000)),
    duration_s=6.0,
)
OTHER = replace(
    recording((0.5, 3.0, "丙", "Then we come back")), id="zh-other", audio=Path("x/other.flac")
)
BACK = replace(
    log((2.0, told(1, "Then we", 1800)), (2.9, told(2, "come", 2500)), duration_s=3.0),
    recording="zh-other",
)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_simuleval_has_an_instance_a_recording(tmp_path: Path) -> None:
    simuleval(tmp_path / "instances.log", [(TALK, SEEN), (OTHER, BACK)])
    first, second = rows(tmp_path / "instances.log")
    assert first == {
        "index": 0,
        "prediction": "A fine day We go.",
        "delays": [1000, 1000, 1000, 5000, 5000],
        "elapsed": [1500, 1800, 1800, 5500, 5500],
        "prediction_length": 5,
        "reference": "A fine day We go.",
        "source": ["none.flac"],
        "source_length": 6000,
        "metric": {},
    }
    assert (second["index"], second["source"]) == (1, ["other.flac"])


def test_chinese_has_a_time_a_character(tmp_path: Path) -> None:
    talk = recording((0.0, 2.0, "hi", "你 好。"), source="en")
    seen = replace(log((1.0, told(1, "你好 吗", 900))), recording="en-made")
    simuleval(tmp_path / "instances.log", [(talk, seen)])
    (found,) = rows(tmp_path / "instances.log")
    assert (found["prediction"], found["reference"]) == ("你好吗", "你好。")
    assert found["delays"] == [900] * 3
    assert found["prediction_length"] == 3


def command(folder: Path, recordings: list[Recording], chinese: bool) -> dict[str, float]:
    """OmniSTEval's scores of `instances.log`, with the recordings' segmentation beside it."""
    parts = [(one, part) for one in recordings for part in one.segments if part.target]
    segments = [
        {"wav": one.audio.name, "offset": part.start_s, "duration": part.end_s - part.start_s}
        for one, part in parts
    ]
    targets = [" ".join(part.target.split()) for _, part in parts]  # two spaces count as a word
    (folder / "segments.json").write_text(json.dumps(segments), encoding="utf-8")
    (folder / "references.txt").write_text("\n".join(targets) + "\n", encoding="utf-8")
    arguments = ["--speech_segmentation", "segments.json", "--ref_sentences_file", "references.txt"]
    arguments += ["--hypothesis_file", "instances.log", "--output_folder", "scored"]
    arguments += ["--char_level"] if chinese else ["--word_level", "--lang", "en"]
    subprocess.run(
        [sys.executable, "-m", "omnisteval.cli", "longform", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
    )
    lines = (folder / "scored" / "scores.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {name: float(value) for name, value in (line.split("\t") for line in lines)}


def test_omnisteval_finds_the_same_in_it(tmp_path: Path) -> None:
    pairs = [(TALK, SEEN), (OTHER, BACK)]
    simuleval(tmp_path / "instances.log", pairs)
    found = command(tmp_path, [TALK, OTHER], chinese=False)
    ours = segmented([(talk, emissions(seen, "en")) for talk, seen in pairs])
    for name in ("LongYAAL (CU)", "LongYAAL (CA)", "LongLAAL (CA)"):
        assert found[name] == pytest.approx(ours.scores[name])
    assert found["LongYAAL (CU)"] / 1000 == pytest.approx(ours.delay_unaware_s)
    assert found["LongYAAL (CU)"] < found["LongYAAL (CA)"]


def test_omnisteval_finds_the_same_in_chinese(tmp_path: Path) -> None:
    talk = recording((0.0, 2.0, "hi", "你 好。"), (2.0, 4.0, "bye", "再见。"), source="en")
    seen = replace(
        log((1.0, told(1, "你好", 900)), (3.5, told(2, "再见！", 3100))), recording=talk.id
    )
    simuleval(tmp_path / "instances.log", [(talk, seen)])
    found = command(tmp_path, [talk], chinese=True)
    ours = segmented([(talk, emissions(seen, "zh"))])
    assert found["LongYAAL (CA)"] == pytest.approx(ours.scores["LongYAAL (CA)"])


def test_simulstream_has_a_step_a_commit(tmp_path: Path) -> None:
    simulstream(tmp_path / "metrics.jsonl", [(OTHER, BACK)])
    named, *steps = rows(tmp_path / "metrics.jsonl")
    assert named == {"id": 0, "metadata": {"wav_name": "other.flac"}}
    assert [step["generated_tokens"] for step in steps] == [["Then", "we"], ["come"], []]
    assert [step["total_audio_processed"] for step in steps] == [1.8, 2.5, 3.0]
    assert [step["computation_time"] for step in steps] == pytest.approx([0.2, 0.4, 0.0])
    assert all(step["deleted_tokens"] == [] and step["id"] == 0 for step in steps)


def replayed(path: Path) -> dict[str, list[tuple[str, float, float]]]:
    """Words and their two times (s) by recording, as simulstream's `LogReader` makes them: a step
    belongs to the `wav_name` of its id; its tokens have the audio processed for a delay, and that
    plus the computation time for an aware one."""
    names: dict[int, str] = {}
    found: dict[str, list[tuple[str, float, float]]] = {}
    for row in rows(path):
        if "metadata" in row:
            names[row["id"]] = Path(row["metadata"]["wav_name"]).stem
            continue
        audio_s, aware_s = (
            row["total_audio_processed"],
            row["total_audio_processed"] + row["computation_time"],
        )
        words = found.setdefault(names[row["id"]], [])
        words += [(token, audio_s, aware_s) for token in row["generated_tokens"]]
        assert not row["deleted_tokens"]
    return found


deltas = st.lists(
    st.tuples(st.text("ab é", min_size=1, max_size=6), st.integers(0, 900), st.integers(0, 900)),
    max_size=8,
)


@given(deltas)
def test_simulstream_reads_every_word_and_time(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, int, int]]
) -> None:
    """However the text came in pieces."""
    heard_ms, events = 1, []
    for text, step_ms, behind_ms in made:
        heard_ms += step_ms
        events.append(((heard_ms + behind_ms) / 1000, told(1, text, heard_ms)))
    seen = log(*events)
    path = tmp_path_factory.mktemp("simulstream") / "metrics.jsonl"
    simulstream(path, [(TALK, seen)])
    words = replayed(path)["none"]
    expected = emissions(seen, "en")
    assert [word for word, _, _ in words] == [word.text for word in expected]
    assert [time for _, time, _ in words] == pytest.approx([w.heard_ms / 1000 for w in expected])
    assert [time for _, _, time in words] == pytest.approx([w.at_ms / 1000 for w in expected])


def test_silence_is_in_both(tmp_path: Path) -> None:
    simuleval(tmp_path / "a", [(TALK, log())])
    simulstream(tmp_path / "b", [(TALK, log())])
    assert (rows(tmp_path / "a")[0]["prediction"], rows(tmp_path / "a")[0]["delays"]) == ("", [])
    assert replayed(tmp_path / "b") == {"none": []}


ENGLISH = recording((0.0, 1.0, "hi", "你好"), source="en")


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(TALK, BACK)], "zh-made is paired with a log of zh-other"),
        ([(TALK, replace(SEEN, speed=2.0))], "zh-made was replayed at speed 2"),
        ([(TALK, SEEN), (TALK, SEEN)], r"none\.flac is there twice"),
        ([(TALK, SEEN), (ENGLISH, replace(SEEN, recording="en-made"))], "en-made .* into zh"),
    ],
)
def test_what_makes_no_run_is_refused(
    tmp_path: Path, pairs: list[tuple[Recording, SessionLog]], words: str
) -> None:
    for write in (simuleval, simulstream):
        with pytest.raises(ExportError, match=words):
            write(tmp_path / "run", pairs)
    assert not (tmp_path / "run").exists()
