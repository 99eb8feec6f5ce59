"""Step 5: `python -m training.retriever.finish FOLDER --out FOLDER`: measured, and as served.

Temperature and threshold are chosen on validation words; the table is of the test's words, which
nothing was trained or chosen on, and of its two voices that speak nowhere else.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from models.recall.scorer import inventory
from training.retriever.batches import batch
from training.retriever.corpus import Corpus, Window, read, window
from training.retriever.export import graph
from training.retriever.homophones import KINDS
from training.retriever.measures import (
    Point,
    at_precision,
    auc,
    calibration_error,
    probability,
    temperature,
)
from training.retriever.network import Scorer, Size
from training.retriever.questions import Question, questions
from training.retriever.recipe import TEST_ONLY, VERSION
from training.retriever.spoiling import MEASURED

PRECISION = 0.95
Kept = Callable[[Question, str, str], bool]
"""Whether a question is counted, by itself, the voice and the condition."""
_KEYS = 24
_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked and answered, one entry a question; sources: voice and condition."""

    logits: NDArray[np.float64]
    questions: tuple[Question, ...]
    sources: tuple[tuple[str, str], ...]

    @property
    def spoken(self) -> NDArray[np.bool_]:
        """The labels."""
        return np.array([question.spoken for question in self.questions])

    def where(self, kept: Kept) -> Answers:
        """Some of them."""
        rows = zip(self.questions, self.sources, strict=True)
        places = [at for at, (question, source) in enumerate(rows) if kept(question, *source)]
        return Answers(
            self.logits[places],
            tuple(self.questions[at] for at in places),
            tuple(self.sources[at] for at in places),
        )


def answers(scorer: Scorer, corpus: Corpus, seed: int) -> Answers:
    """One window of each rendition, 24 questions a window, keys that are whole words."""
    chance = random.Random(f"measure-{seed}")
    windows = [window(rendition, chance) for rendition in corpus.renditions]
    windows = [one for one in windows if any(any(clause.is_key) for clause in one.heard)]
    asked = [
        questions(one.heard, one.nearby, corpus.pool, _KEYS, chance, words_only=True)
        for one in windows
    ]
    logits = [
        _logits(scorer, windows[start : start + _TOGETHER], asked[start : start + _TOGETHER])
        for start in range(0, len(windows), _TOGETHER)
    ]
    return Answers(
        np.concatenate(logits),
        tuple(question for row in asked for question in row),
        tuple((one.voice, one.condition) for one in windows for _ in range(_KEYS)),
    )


def _logits(
    scorer: Scorer, windows: list[Window], asked: list[list[Question]]
) -> NDArray[np.float64]:
    given = batch(windows, asked)
    with torch.no_grad():
        logits, _, _ = scorer(given.states, given.hidden, given.keys)
    found: NDArray[np.float64] = logits.numpy().astype(np.float64).ravel()
    return found


def table(found: Answers, degrees: float, threshold: float) -> dict[str, Any]:
    """Everything that is told of one set of answers."""

    def row(kept: Kept) -> dict[str, float]:
        return _row(found.where(kept), degrees, threshold)

    voices = sorted({voice for voice, _ in found.sources})
    return {
        "all": row(lambda *_: True),
        "clean": row(_in_condition("clean")),
        "voices": {name: row(_by(name)) for name in voices},
        "held_out_voices": row(_by(*TEST_ONLY)),
        "conditions": {name: row(_in_condition(name)) for name in MEASURED},
        "against": {kind: row(_against(kind)) for kind in ("other", *KINDS)},
        "calibration_error": _rounded(
            before=calibration_error(probability(found.logits), found.spoken),
            after=calibration_error(probability(found.logits / degrees), found.spoken),
        ),
    }


def _by(*voices: str) -> Kept:
    return lambda _, voice, __: voice in voices


def _in_condition(name: str) -> Kept:
    return lambda _, __, condition: condition == name


def _against(kind: str) -> Kept:
    """What is spoken, and wrong keys of one kind."""
    return lambda question, _, __: question.spoken or question.kind == kind


def _row(found: Answers, degrees: float, threshold: float) -> dict[str, float]:
    """auc; recall and false alarms at the threshold."""
    if not found.questions:
        return {}
    scores, spoken = probability(found.logits / degrees), found.spoken
    believed = scores >= threshold
    return _rounded(
        auc=auc(scores, spoken),
        recall=float(believed[spoken].mean()) if spoken.any() else float("nan"),
        false_alarms=float(believed[~spoken].mean()) if (~spoken).any() else float("nan"),
        questions=len(spoken),
    )


def _rounded(**values: float) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in values.items()}


def load(path: Path) -> tuple[Scorer, dict[str, Any]]:
    """What `train` stored: the network, and what is known of its training."""
    stored = torch.load(path, weights_only=True)
    scorer = Scorer(Size(**stored["size"]))
    scorer.load_state_dict(stored["weights"])
    return scorer.eval(), stored["about"]


def finished(folder: Path, name: str, seed: int) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The graph, and its description with everything measured."""
    scorer, about = load(folder / f"{name}.pt")
    valid = answers(scorer, read(folder, "valid"), seed)
    degrees = temperature(valid.logits, valid.spoken)
    scores = probability(valid.logits / degrees)
    point: Point = at_precision(scores, valid.spoken, PRECISION)
    test = answers(scorer, read(folder, "test"), seed)
    reached = {
        f"{precision:.2f}": at_precision(
            probability(test.logits / degrees), test.spoken, precision
        ).recall
        for precision in (0.9, 0.95, 0.99)
    }
    description = {
        "version": VERSION,
        "symbols": inventory(),
        "trained": about,
        "temperature": round(degrees, 4),
        "threshold": point.threshold,
        "share_spoken": 0.25,
        "valid": {"precision": point.precision, "recall": point.recall},
        "recall_at_precision": _rounded(**reached),
        "test": table(test, degrees, point.threshold),
    }
    return graph(scorer, degrees), description


def lines(description: dict[str, Any]) -> Iterable[str]:
    """The table as Markdown."""
    test = description["test"]
    yield "| test words | AUC | recall | false alarms | questions |"
    yield "| --- | --- | --- | --- | --- |"
    named = {
        "all": test["all"],
        "clean": test["clean"],
        "voices not heard": test["held_out_voices"],
    }
    for group, label in (("voices", "voice"), ("conditions", ""), ("against", "against")):
        named |= {f"{label} {name}".strip(): row for name, row in test[group].items()}
    for name, row in named.items():
        if row:
            values = (row["auc"], row["recall"], row["false_alarms"])
            shown = " | ".join(f"{value:.3f}" for value in values)
            yield f"| {name} | {shown} | {row['questions']:.0f} |"


def main() -> None:
    """Write scorer.onnx and scorer.json, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="scorer", help="of the trained file, for variants")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    torch.set_num_threads(1)
    made, description = finished(words.folder, words.name, words.seed)
    words.out.mkdir(parents=True, exist_ok=True)
    onnx.save(made, str(words.out / "scorer.onnx"))
    text = json.dumps(description, indent=1, ensure_ascii=False) + "\n"
    (words.out / "scorer.json").write_text(text, "utf-8")
    for line in lines(description):
        print(line)  # noqa: T201
    print({key: description[key] for key in ("temperature", "threshold", "valid")})  # noqa: T201


if __name__ == "__main__":
    main()
