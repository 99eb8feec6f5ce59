"""Long-form output cut at the references' segments, and its delay: OmniSTEval.

Its input is what its `longform` command reads: the segmentation, one reference a line, and for each
recording the committed text with two times a word: `delays`, the audio that was heard when the
word was decided (computation-unaware), and `elapsed`, the clock (computation-aware), both in ms
from the recording's start. LongYAAL and SoftSegmenter: Polák et al. 2025 (arXiv 2509.17349).

Beside its cut stands that of mWERSegmenter (Matusov et al. 2005), which StreamLAAL asks for.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.emissions import Emission, units
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording, Segment
from models.errors import TongchuanError
from models.languages import space

VERSION = version("OmniSTEval")
_LIMIT_S = 600.0
_Rows = Sequence[tuple[Recording, Sequence[Emission], Sequence[Segment]]]


class SegmentingError(TongchuanError):
    """OmniSTEval failed. Holds what it said."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A stretch of speech, its reference, and the output that belongs to it.

    latency_unit: what has a time, "word" or, in Chinese, "char". source_ms: the stretch's length.
    heard_ms, at_ms: as of `Emission`, a unit each, but from the stretch's start; may be negative.
    rest_ms: from its start to the end of the recording's last segment, for a segment of a long
    recording that has output; else None.
    """

    recording: str
    latency_unit: str
    prediction: str
    reference: str
    source_ms: float
    heard_ms: tuple[float, ...]
    at_ms: tuple[float, ...]
    rest_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Segmented:
    """Quality by reference segment, and delay in seconds. None where nothing was committed.

    empty: segments without any output. scores: OmniSTEval's, by the names it prints, e.g.
    "LongLAAL (CA)", in ms (AP without unit). instances: one a segment.
    """

    quality: Quality | None
    delay_unaware_s: float | None
    delay_aware_s: float | None
    segments: int
    empty: int
    scores: Mapping[str, float | None] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()


def segmented(pairs: Sequence[tuple[Recording, Sequence[Emission]]]) -> Segmented:
    """OmniSTEval's view of recordings of one direction. Segments without reference are left out.

    Raises SegmentingError.
    """
    kept = [(recording, words, recording.referenced) for recording, words in pairs]
    kept = [row for row in kept if row[2]]
    if not kept:
        return Segmented(None, None, None, 0, 0)
    language = kept[0][0].target
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, kept)
        _run(folder, chinese=language == "zh")
        lines = (folder / "out" / "instances.resegmented.jsonl").read_text(encoding="utf-8")
        cells = (folder / "out" / "scores.tsv").read_text(encoding="utf-8").splitlines()
    owners = [recording for recording, _, segments in kept for _ in segments]
    instances = tuple(
        _instance(json.loads(line), owner)
        for line, owner in zip(lines.splitlines(), owners, strict=True)
    )
    scores = dict(_score(cell) for cell in cells[1:])  # the first names the columns
    predictions = [instance.prediction for instance in instances]
    return Segmented(
        quality(predictions, [instance.reference for instance in instances], language),
        _seconds(scores.get("LongYAAL (CU)")),
        _seconds(scores.get("LongYAAL (CA)")),
        len(instances),
        sum(not prediction.strip() for prediction in predictions),
        scores,
        instances,
    )


def whole(recording: Recording, words: Sequence[Emission]) -> Instance:
    """The recording as one utterance, all output against all references, as SimulEval sees it."""
    references = [segment.target for segment in recording.referenced]
    reference = _text(_units(" ".join(references), recording.target), recording.target)
    return _cut(recording, words, reference, 0.0, recording.duration_s)


def resegmented(recording: Recording, words: Sequence[Emission]) -> list[Instance]:
    """The output cut where its word error rate against the references is least (mWERSegmenter).

    An instance for each segment with a reference. Characters instead of words of Chinese; case
    does not count.
    """
    kept = recording.referenced
    references = [_units(segment.target, recording.target) for segment in kept]
    cuts = ends([word.text for word in words], references)
    return [
        _cut(
            recording,
            words[start:end],
            _text(reference, recording.target),
            segment.start_s,
            segment.end_s,
        )
        for segment, reference, (start, end) in zip(
            kept, references, pairwise([0, *cuts]), strict=True
        )
    ]


def ends(words: Sequence[str], references: Sequence[Sequence[str]]) -> list[int]:
    """How many of `words` there are up to each reference's end, by a Levenshtein alignment.

    Ties as in mweralign (Post and Hoang 2025): rather leave a reference's word out than add one,
    rather add than substitute. An added word between two references stays with the first.
    """
    ids: dict[str, int] = {}
    said = np.array([ids.setdefault(word.lower(), len(ids)) for word in words], np.int32)
    due = [ids.setdefault(unit.lower(), len(ids)) for reference in references for unit in reference]
    columns = np.arange(len(words) + 1, dtype=np.int32)
    costs = np.empty((len(due) + 1, len(words) + 1), np.int32)
    costs[0] = columns
    for row, unit in enumerate(due, 1):
        best = costs[row - 1] + 1
        best[1:] = np.minimum(best[1:], costs[row - 1, :-1] + (said != unit))
        costs[row] = np.minimum.accumulate(best - columns) + columns  # added words, all at once
    row, column = len(due), len(words)
    found: list[int] = []
    for last in reversed(list(accumulate(len(reference) for reference in references))):
        while row > last:
            cost = costs[row, column]
            if costs[row - 1, column] + 1 == cost:
                row -= 1
            elif costs[row, column - 1] + 1 == cost:
                column -= 1
            else:
                row, column = row - 1, column - 1
        found.append(column)
    return found[::-1]


def _units(text: str, language: str) -> list[str]:
    return [unit[0] for unit in units(text, language)]


def _text(words: Sequence[str], language: str) -> str:
    return space(language).join(words)


def _cut(
    recording: Recording, words: Sequence[Emission], reference: str, start_s: float, end_s: float
) -> Instance:
    return Instance(
        recording.id,
        "char" if recording.target == "zh" else "word",
        _text([word.text for word in words], recording.target),
        reference,
        (end_s - start_s) * 1000,
        tuple(word.heard_ms - start_s * 1000 for word in words),
        tuple(word.at_ms - start_s * 1000 for word in words),
    )


def _instance(body: dict[str, Any], recording: Recording) -> Instance:
    """From OmniSTEval's JSON; without output it has no times."""
    return Instance(
        recording.id,
        "char" if recording.target == "zh" else "word",
        str(body["prediction"]),
        str(body["reference"]),
        float(body["source_length"]),
        tuple(body.get("emission_cu", ())),
        tuple(body.get("emission_ca", ())),
        body.get("time_to_recording_end"),
    )


def _score(cell: str) -> tuple[str, float | None]:
    name, value = cell.split("\t")
    return name, None if math.isnan(float(value)) else float(value)


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def _write(folder: Path, rows: _Rows) -> None:
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
            "prediction": instance.prediction,
            "delays": instance.heard_ms,
            "elapsed": instance.at_ms,
            "source_length": instance.source_ms,
        }
        for number, instance in enumerate(whole(recording, words) for recording, words, _ in rows)
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
