"""Long-form output cut at the references' segments, and its delay: OmniSTEval.

Its input is what its `longform` command reads: the segmentation, one reference a line, and for each
recording the committed text with two times a word: `delays`, the audio that was heard when the
word was decided (computation-unaware), and `elapsed`, the clock (computation-aware), both in ms
from the recording's start. LongYAAL: Polák et al. 2025 (arXiv 2509.17349).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from evaluation.emissions import Emission
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording, Segment
from models.errors import TongchuanError

VERSION = version("OmniSTEval")
_LIMIT_S = 600.0
_Rows = Sequence[tuple[Recording, Sequence[Emission], list[Segment]]]


class SegmentingError(TongchuanError):
    """OmniSTEval failed. Holds what it said."""


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, kept, chinese=language == "zh")
        _run(folder, chinese=language == "zh")
        lines = (folder / "out" / "instances.resegmented.jsonl").read_text(encoding="utf-8")
        cells = (folder / "out" / "scores.tsv").read_text(encoding="utf-8").split("\n")
    instances = [json.loads(line) for line in lines.splitlines()]
    scores = dict(cell.split("\t") for cell in cells if cell)
    predictions = [str(instance["prediction"]) for instance in instances]
    return Segmented(
        quality(predictions, [str(instance["reference"]) for instance in instances], language),
        _seconds(scores.get("LongYAAL (CU)")),
        _seconds(scores.get("LongYAAL (CA)")),
        len(instances),
        sum(not prediction.strip() for prediction in predictions),
    )


def _with_reference(recording: Recording) -> list[Segment]:
    return [segment for segment in recording.segments if segment.target.strip()]


def _seconds(ms: str | None) -> float | None:
    return None if ms is None or ms == "nan" else float(ms) / 1000


def _write(folder: Path, rows: _Rows, *, chinese: bool) -> None:
    """Its three files."""
    segments = [
        {
            "wav": f"{number}.flac",  # a recording may be there twice
            "offset": segment.start_s,
            "duration": segment.end_s - segment.start_s,
        }
        for number, (_, _, kept) in enumerate(rows)
        for segment in kept
    ]
    references = [" ".join(segment.target.split()) for _, _, kept in rows for segment in kept]
    outputs = [
        {
            "source": f"{number}.flac",
            "prediction": ("" if chinese else " ").join(word.text for word in words),
            "delays": [word.heard_ms for word in words],
            "elapsed": [word.at_ms for word in words],
            "source_length": recording.duration_s * 1000,
        }
        for number, (recording, words, _) in enumerate(rows)
    ]
    lines = [json.dumps(output, ensure_ascii=False) for output in outputs]
    (folder / "segments.json").write_text(json.dumps(segments), encoding="utf-8")
    (folder / "references.txt").write_text("\n".join(references) + "\n", encoding="utf-8")
    (folder / "output.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _run(folder: Path, *, chinese: bool) -> None:
    """Its command. In a process of its own, because it forks and ours may have threads."""
    command = [sys.executable, "-m", "omnisteval.cli", "longform"]
    command += ["--speech_segmentation", "segments.json", "--ref_sentences_file", "references.txt"]
    command += ["--hypothesis_file", "output.jsonl", "--output_folder", "out"]
    command += ["--bleu_tokenizer", "zh" if chinese else "13a"]
    command += ["--char_level"] if chinese else ["--word_level", "--lang", "en"]
    try:
        done = subprocess.run(  # the arguments are ours
            command, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise SegmentingError(f"OmniSTEval was not done after {_LIMIT_S:g} s") from None
    if done.returncode or not (folder / "out" / "scores.tsv").exists():
        said = "\n".join(done.stderr.strip().splitlines()[-6:])
        raise SegmentingError(f"OmniSTEval failed with code {done.returncode}:\n{said}")
