"""VIP (LLM judge, a proxy) of several systems over the same speech."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.conversation import first_error
from evaluation.vip.fragments import LONGEST_WORDS, Cut, cut
from evaluation.vip.judge import Judge, JudgeError
from evaluation.vip.prompts import PROMPTS
from evaluation.vip.scores import NAME, Score, score
from evaluation.vip.spoken import Spoken, by_segment
from evaluation.vip.verdicts import Verdict, questions, verdicts

Progress = Callable[["Segment"], None]
"""Told each segment as soon as it is judged, in whatever order."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment, judged: how it was cut, and the verdicts on every system's fragments."""

    recording: str
    number: int
    cut: Cut
    verdicts: tuple[Verdict, ...]

    def lines(self) -> list[str]:
        """JSON, a line for the cut and one for each verdict."""
        head = {"kind": "segment", "recording": self.recording, "segment": self.number}
        bodies = [head | asdict(self.cut), *(verdict.as_json() for verdict in self.verdicts)]
        return [json.dumps(body, ensure_ascii=False) for body in bodies]


@dataclass(frozen=True, slots=True)
class Result:
    """judge: the model. scores: by system, all recordings together."""

    judge: str
    seed: int
    longest_words: float
    segments: tuple[Segment, ...]
    scores: Mapping[str, Score]

    def of(self, system: str, recording: str) -> Score:
        """A system's over one recording."""
        return score(v for v in self._verdicts(system) if v.recording == recording)

    def as_json(self) -> dict[str, Any]:
        """All but the verdicts, which `save` writes line by line."""
        return {
            "name": NAME,
            "judge": self.judge,
            "temperature": 0,
            "seed": self.seed,
            "longest_words": self.longest_words,
            "prompts": {p.name: {"sha256": p.sha256, "text": p.text} for p in PROMPTS},
            "cuts": dict(Counter(segment.cut.way for segment in self.segments)),
            "systems": {name: found.as_json() for name, found in self.scores.items()},
            "recordings": {
                name: {recording: self.of(name, recording).as_json() for recording in self._heard}
                for name in self.scores
            },
        }

    def save(self, path: Path) -> None:
        """Write `path` (JSON), and beside it every verdict as `.jsonl`."""
        body = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        path.write_text(body + "\n", encoding="utf-8")
        lines = [line for segment in self.segments for line in segment.lines()]
        path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def _heard(self) -> Iterable[str]:
        return dict.fromkeys(segment.recording for segment in self.segments)

    def _verdicts(self, system: str) -> Iterable[Verdict]:
        return (v for segment in self.segments for v in segment.verdicts if v.system == system)


async def vip(
    texts: Mapping[str, Sequence[Spoken]],
    judge: Judge,
    *,
    seed: int = 0,
    longest_words: float = LONGEST_WORDS,
    progress: Progress = lambda _: None,
) -> Result:
    """texts: by system, over the same recordings; their names are never sent.

    Each segment is cut once for all systems. Each different rendering of a fragment is judged by
    itself, in an order drawn anew for each fragment from `seed`. longest_words: of a segment that
    stays whole (see `fragments.cut`); 0 cuts all.
    Raises SpokenError when the texts do not fit each other, JudgeError when the judge is not there
    or has judged nothing.
    """
    rows = by_segment(texts)
    places = asyncio.Semaphore(judge.config.parallel)  # a segment asks one thing at a time

    async def judged(outputs: Mapping[str, Spoken]) -> Segment:
        async with places:
            found = await _judged(outputs, judge, seed, longest_words)
        progress(found)
        return found

    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(judged(outputs)) for outputs in rows.values()]
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    segments = tuple(task.result() for task in running)
    everything = [verdict for segment in segments for verdict in segment.verdicts]
    if everything and all(verdict.checks is None for verdict in everything):
        raise JudgeError(f"the judge gave no verdict at all; of the first: {everything[0].note}")
    scores = {name: score(v for v in everything if v.system == name) for name in texts}
    return Result(judge.name, seed, longest_words, segments, scores)


async def _judged(
    outputs: Mapping[str, Spoken], judge: Judge, seed: int, longest_words: float
) -> Segment:
    """One segment. outputs: by system."""
    segment = next(iter(outputs.values()))
    draw = random.Random(f"{seed} {segment.recording} {segment.number}")
    found = await cut(segment, judge.ask, longest_words)
    rows: list[Verdict] = []
    for number, fragment in enumerate(found.fragments, 1):
        for question in questions(fragment, outputs, draw):
            rows += await verdicts(question, number, judge.ask)
    return Segment(segment.recording, segment.number, found, tuple(rows))
