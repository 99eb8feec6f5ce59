"""A manifest gives its good recordings, and every mistake of the others by file and field."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evaluation.manifest import load
from evaluation.recordings import RecordingError, Segment
from tongchuan.events import Term

GOOD: dict[str, Any] = {
    "id": "talk-1",
    "audio": "sounds/talk.wav",
    "source": "zh",
    "target": "en",
    "segments": [
        {
            "start": 0,
            "end": 0.9,
            "source": "逆变器坏了。",
            "target": "The inverter is broken.",
            "terms": [{"source": "逆变器", "target": "inverter"}],
        },
        {"start": 1.25, "end": 2, "source": "嗯。", "target": ""},
    ],
}
SECOND = {"source": "嗯。", "target": ""}


def write(folder: Path, body: Any) -> Path:
    """The manifest; of audio there is `sounds/talk.wav`, 2 s."""
    (folder / "sounds").mkdir(exist_ok=True)
    soundfile.write(folder / "sounds" / "talk.wav", np.zeros((88_200, 2)), 44_100)
    path = folder / "all.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return path


def changed(change: dict[str, Any]) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), "id": "bad-1", **change}


def test_a_recording_is_as_the_manifest_says(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, {"recordings": [GOOD]}))
    assert loaded.problems == ()
    (recording,) = loaded.recordings
    assert (recording.id, recording.source, recording.target) == ("talk-1", "zh", "en")
    assert recording.duration_s == pytest.approx(2)
    assert recording.segments == (
        Segment(0, 0.9, "逆变器坏了。", "The inverter is broken.", (Term("逆变器", "inverter"),)),
        Segment(1.25, 2, "嗯。", ""),
    )
    assert recording.samples().shape == (32_000,)


def test_the_sources_may_all_be_left_out(tmp_path: Path) -> None:
    segments = [
        {"start": 0, "end": 1, "target": "你好。"},
        {"start": 1, "end": 2, "target": "好。"},
    ]
    body = changed({"source": "en", "target": "zh", "segments": segments})
    loaded = load(write(tmp_path, {"recordings": [body]}))
    assert loaded.problems == ()
    assert [segment.source for segment in loaded.recordings[0].segments] == ["", ""]


@pytest.mark.parametrize(
    ("change", "mistakes"),
    [
        ({"audio": "sounds/none.wav"}, [("audio:", "none.wav")]),
        ({"audio": "all.json"}, [("audio:", "all.json", "convert it")]),
        ({"audio": 7}, [("audio:", "string")]),
        ({"id": "../bad"}, [("id:", "pattern")]),
        ({"id": ""}, [("id:", "pattern")]),
        ({"id": "talk-1"}, [("id:", "'talk-1' is there twice")]),
        ({"source": "fr"}, [("source:", "'zh' or 'en'")]),
        ({"target": "zh"}, [("target:", "'en'")]),
        ({"speaker": "A"}, [("speaker:", "not permitted")]),
        ({"segments": []}, [("segments:", "at least 1")]),
        ({"segments": "none"}, [("segments:", "list")]),
        (
            {"segments": [{"start": "0", "end": True, "target": "a"}, {"start": 0, "end": 1}]},
            [
                ("segments[0].start:", "number"),
                ("segments[0].end:", "number"),
                ("segments[1].target:", "required"),
            ],
        ),
        (
            {"segments": [{"start": 0, "end": 1, **SECOND}, {"start": 0.5, "end": 2, **SECOND}]},
            [("segments[1] spans 0.5 to 2 s", "at or after 1 s")],
        ),
        (
            {"segments": [{"start": 1, "end": 2.2, **SECOND}]},
            [("segments[0].end: 2.2 s is past the end", "talk.wav (2.00 s)")],
        ),
        (
            {"segments": [{"start": 0, "end": 1, "target": "a"}, {"start": 1, "end": 2, **SECOND}]},
            [("segments[0].source:", "others have one")],
        ),
        (
            {"segments": [{"start": 0, "end": 1, **SECOND, "terms": [{"source": "a"}]}]},
            [("segments[0].terms[0].target:", "required")],
        ),
        (
            {"audio": "no.wav", "target": "zh", "segments": [{"start": 1, "end": 1, **SECOND}]},
            [("target:",), ("segments[0] spans",), ("audio:",)],
        ),
    ],
)
def test_mistakes_are_named_and_the_others_kept(
    tmp_path: Path, change: dict[str, Any], mistakes: list[tuple[str, ...]]
) -> None:
    last = {**GOOD, "id": "talk-2"}
    path = write(tmp_path, {"recordings": [GOOD, changed(change), last]})
    loaded = load(path)
    assert [recording.id for recording in loaded.recordings] == ["talk-1", "talk-2"]
    assert len(loaded.problems) == len(mistakes)
    for problem, (field, *words) in zip(loaded.problems, mistakes, strict=True):
        assert problem.startswith(f"{path}: recordings[1].{field}")
        assert all(word in problem for word in words)


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"recordings": [GOOD, "talk-2"]})
    loaded = load(path)
    assert len(loaded.recordings) == 1
    assert loaded.problems[0].startswith(f"{path}: recordings[1]: ")


def test_a_tolerance_of_a_tenth_of_a_second(tmp_path: Path) -> None:
    body = changed({"segments": [{"start": 1, "end": 2.09, **SECOND}]})
    assert load(write(tmp_path, {"recordings": [body]})).problems == ()


def test_only_those_that_are_asked_for(tmp_path: Path) -> None:
    """What has another id is not looked at; what has none is."""
    rows = [GOOD, changed({"audio": "none.wav"}), {**GOOD, "id": 5}]
    loaded = load(write(tmp_path, {"recordings": rows}), "talk")
    assert [recording.id for recording in loaded.recordings] == ["talk-1"]
    (problem,) = loaded.problems
    assert "recordings[2].id" in problem


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "column"),
        ([], "the file"),
        ({}, "recordings: Field required"),
        ({"recordings": []}, "at least 1"),
        ({"recordings": [GOOD], "record": []}, "record: Extra"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, body: Any, words: str) -> None:
    path = write(tmp_path, body)
    with pytest.raises(RecordingError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
