"""A recording that the fake recogniser understands."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

from evaluation.recordings import RATE, Recording, Segment
from tests.models.fakes_engines import in_english, quiet, spoken

TEXTS = ("天地玄黄，宇宙洪荒。", "日月盈昃，辰宿天地。")


def make_talk(path: Path) -> Recording:
    """TEXTS, 1 s apart, as a FLAC file at `path`."""
    parts, segments, at_s = [], [], 0.0
    for text in TEXTS:
        voice, pause = spoken(text), quiet(1.0)
        segments.append(Segment(at_s, at_s + len(voice) / RATE, text, in_english(text)))
        parts += [voice, pause]
        at_s = sum(map(len, parts)) / RATE
    soundfile.write(path, np.concatenate(parts), RATE, subtype="PCM_16")
    return Recording(path.stem, path, at_s, "zh", "en", tuple(segments))


def save_talk(folder: Path, name: str) -> None:
    """The same as NAME.flac and NAME.json in `folder`."""
    talk = make_talk(folder / f"{name}.flac")
    segments = [
        {
            "start": segment.start_s,
            "end": segment.end_s,
            "source": segment.source,
            "target": segment.target,
            "terms": [asdict(term) for term in segment.terms],
        }
        for segment in talk.segments
    ]
    note = {"id": name, "duration": talk.duration_s, "segments": segments}
    (folder / f"{name}.json").write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")
