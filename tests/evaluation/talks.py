"""A recording that the fake recogniser understands."""

from __future__ import annotations

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
