"""Long-form output cut at the references' segments, and its delay: OmniSTEval.

Its input is what its `longform` command reads: the segmentation, one reference a line, and for each
recording the committed text with two times a word: `delays`, the audio that was heard when the
word was decided (computation-unaware), and `elapsed`, the clock (computation-aware), both in ms
from the recording's start. LongYAAL: Polák et al. 2025 (arXiv 2509.17349).
"""

from __future__ import annotations

import gc
import json
import logging
import math
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import omnisteval
from omnisteval.io import load_resegmentation_inputs
from omnisteval.resegment import resegment
from omnisteval.scoring import YAALScorer

from evaluation.emissions import Emission
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording, Segment

VERSION: str = omnisteval.__version__


@dataclass(frozen=True, slots=True)
class Segmented:
    """Quality by reference segment, and delay in seconds. None where nothing was committed.

    empty: segments without any output.
    """

    quality: Quality | None
    delay_unaware_s: float | None
    delay_aware_s: float | None
    segments: int
    empty: int


def segmented(pairs: Sequence[tuple[Recording, Sequence[Emission]]]) -> Segmented:
    """OmniSTEval's view of recordings of one direction. Segments without reference are left out."""
    kept = [(recording, words, _with_reference(recording)) for recording, words in pairs]
    kept = [row for row in kept if row[2]]
    if not kept:
        return Segmented(None, None, None, 0, 0)
    language = kept[0][0].target
    chinese = language == "zh"
    with tempfile.TemporaryDirectory() as folder, _quiet():
        inputs = load_resegmentation_inputs(
            **_write(Path(folder), kept, chinese=chinese), char_level=chinese
        )
        instances, _ = resegment(*inputs, char_level=chinese, lang=None if chinese else "en")
        scored = quality(
            [instance.prediction for instance in instances],
            [instance.reference for instance in instances],
            language,
        )
        delays = [_yaal(instances, aware=aware) for aware in (False, True)]
    empty = sum(not instance.prediction.strip() for instance in instances)
    return Segmented(scored, delays[0], delays[1], len(instances), empty)


def _with_reference(recording: Recording) -> list[Segment]:
    return [segment for segment in recording.segments if segment.target.strip()]


def _yaal(instances: Sequence[Any], *, aware: bool) -> float | None:
    ms = float(YAALScorer(computation_aware=aware, is_longform=True)(instances))
    return None if math.isnan(ms) else ms / 1000


def _write(
    folder: Path,
    rows: Sequence[tuple[Recording, Sequence[Emission], list[Segment]]],
    *,
    chinese: bool,
) -> dict[str, Any]:
    """The three files; the arguments that name them."""
    names = {
        "speech_segmentation": folder / "segments.json",
        "ref_sentences_file": folder / "references.txt",
        "hypothesis_file": folder / "output.jsonl",
    }
    segments = [
        {
            "wav": f"{recording.id}.flac",
            "offset": segment.start_s,
            "duration": segment.end_s - segment.start_s,
        }
        for recording, _, kept in rows
        for segment in kept
    ]
    references = [" ".join(segment.target.split()) for _, _, kept in rows for segment in kept]
    outputs = [
        {
            "source": f"{recording.id}.flac",
            "prediction": ("" if chinese else " ").join(word.text for word in words),
            "delays": [word.heard_ms for word in words],
            "elapsed": [word.at_ms for word in words],
            "source_length": recording.duration_s * 1000,
        }
        for recording, words, _ in rows
    ]
    lines = [json.dumps(output, ensure_ascii=False) for output in outputs]
    names["speech_segmentation"].write_text(json.dumps(segments), encoding="utf-8")
    names["ref_sentences_file"].write_text("\n".join(references) + "\n", encoding="utf-8")
    names["hypothesis_file"].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {name: str(path) for name, path in names.items()} | {"text_segmentation": None}


@contextmanager
def _quiet() -> Iterator[None]:
    """Moses' tokenizer talks at INFO and leaves the pipes of its process to the collector."""
    logger = logging.getLogger("mosestokenizer")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            yield
            gc.collect()
    finally:
        logger.setLevel(level)
