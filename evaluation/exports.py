"""A run written as other toolkits keep theirs, so that they can score it: JSON, one object a line.

- `simuleval`: SimulEval's `instances.log` (its `Instance.summarize`). An instance is a recording;
  `delays` is the audio heard, `elapsed` the clock, ms from the recording's start. Real clocks need
  no `--fix_simuleval_emission_ca` of OmniSTEval.
- `simulstream`: the metric log of simulstream (its `LogReader`). Read it with an evaluation config
  of `detokenizer_type: simuleval` and `latency_unit: word`, or `char` of Chinese.

A recording is known by its file's name, as both toolkits want it, so it may be there only once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from evaluation.emissions import Emission, emissions
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.segmenting import whole
from models.errors import TongchuanError

_Pairs = Sequence[tuple[Recording, SessionLog]]


class ExportError(TongchuanError):
    """What cannot be told in such a file. Names the recording."""


def simuleval(path: Path, pairs: _Pairs) -> None:
    """Write `instances.log`. Raises ExportError, OSError."""
    _write(path, _instances(pairs))


def simulstream(path: Path, pairs: _Pairs) -> None:
    """Write a metric log. Raises ExportError, OSError.

    Its reader takes `total_audio_processed` for the unaware time and adds `computation_time` for
    the aware one (s), so this is how far the clock was ahead of the audio, waiting included; the
    cost that `simulstream_stats` reckons from it means nothing.
    """
    _write(path, _steps(pairs))


def _instances(pairs: _Pairs) -> Iterator[Mapping[str, Any]]:
    for index, (recording, words) in enumerate(_outputs(pairs)):
        instance = whole(recording, words)
        yield {
            "index": index,
            "prediction": instance.prediction,
            "delays": instance.heard_ms,
            "elapsed": instance.at_ms,
            "prediction_length": len(words),
            "reference": instance.reference,
            "source": [recording.audio.name],  # SimulEval: a list, of which this is the first
            "source_length": instance.source_ms,
            "metric": {},
        }


def _steps(pairs: _Pairs) -> Iterator[Mapping[str, Any]]:
    for index, (recording, words) in enumerate(_outputs(pairs)):
        yield {"id": index, "metadata": {"wav_name": recording.audio.name}}
        for (heard_ms, at_ms), group in groupby(words, lambda word: (word.heard_ms, word.at_ms)):
            tokens = [word.text for word in group]
            yield _step(index, heard_ms / 1000, (at_ms - heard_ms) / 1000, tokens)
        # a last step without words: the reader forgets a recording that has no step
        yield _step(index, recording.duration_s, 0.0, [])


def _step(index: int, heard_s: float, behind_s: float, tokens: Sequence[str]) -> Mapping[str, Any]:
    return {
        "id": index,
        "total_audio_processed": heard_s,
        "computation_time": behind_s,
        "generated_tokens": tokens,
        "deleted_tokens": [],  # committed text is never taken back
    }


def _outputs(pairs: _Pairs) -> Iterator[tuple[Recording, list[Emission]]]:
    """The committed words of each. Raises ExportError where they do not make one run."""
    names: set[str] = set()
    for recording, log in pairs:
        if log.recording != recording.id:
            raise ExportError(f"{recording.id} is paired with a log of {log.recording}")
        if log.speed != 1:
            raise ExportError(
                f"{recording.id} was replayed at speed {log.speed:g}, where times mean nothing; "
                "replay it at speed 1"
            )
        if recording.target != pairs[0][0].target:
            raise ExportError(
                f"{recording.id} is translated into {recording.target}, those before it into "
                f"{pairs[0][0].target}; export each direction to a file of its own"
            )
        if recording.audio.name in names:
            raise ExportError(
                f"{recording.id}: {recording.audio.name} is there twice; export each of the "
                "sessions at once to a file of its own"
            )
        names.add(recording.audio.name)
        yield recording, emissions(log, recording.target)


def _write(path: Path, rows: Iterator[Mapping[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
