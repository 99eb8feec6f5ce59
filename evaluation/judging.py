"""Several systems' translations before other models: each once, for all recordings together."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from evaluation import bootstrap, comet
from evaluation.bootstrap import Interval
from evaluation.comet import Triple
from evaluation.judgement import Judgement
from evaluation.measured import Measured
from evaluation.vip.judge import JudgeConfig, open_judge
from evaluation.vip.run import run
from evaluation.vip.spoken import Spoken, spoken
from evaluation.vip.vip import Result
from models.errors import TongchuanError

_Key = tuple[str, int]
_Scores = Mapping[str, Mapping[_Key, float]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is asked; None: not. comet: its command."""

    judge: JudgeConfig | None
    comet: str | None
    comet_model: str

    @classmethod
    def of(cls, args: argparse.Namespace) -> Plan:
        """See `options`."""
        judge = args.judge and JudgeConfig.from_environment(args.judge, args.judge_model)
        return cls(judge or None, args.comet, args.comet_model)

    @property
    def wanted(self) -> bool:
        """Whether anybody is."""
        return self.judge is not None or self.comet is not None

    def check(self) -> None:
        """See that they are there, before an hour is spent. Raises JudgeError, CometError."""
        if self.comet is not None:
            comet.score([], command=self.comet, model=self.comet_model)
        if self.judge is not None:
            asyncio.run(_greet(self.judge))


@dataclass(frozen=True, slots=True)
class Judged:
    """rows: by system, a judgement for each run and one for all. problems: who failed, and why."""

    rows: Mapping[str, Sequence[Judgement]]
    problems: Sequence[str]


def judged(measured: Sequence[Measured], plan: Plan, out: Path, console: Console) -> Judged:
    """out: where the run's figures go; those of VIP go beside it, as `NAME-vip.json`, `.jsonl`."""
    texts = {one.name: _texts(one) for one in measured if one.rows}
    scores: _Scores | None = None
    result: Result | None = None
    problems: list[str] = []
    if plan.comet is not None:
        try:
            scores = _comet(texts, plan.comet, plan.comet_model)
        except TongchuanError as error:
            problems.append(str(error))
    if plan.judge is not None:
        try:
            result = run(texts, plan.judge, out.with_name(f"{out.stem}-vip.json"), console)
        except TongchuanError as error:
            problems.append(str(error))
    rows = {
        one.name: [
            _judgement(one.name, recording, plan, scores, result)
            for recording in [*(each.recording.id for each in one.outcome.runs), None]
        ]
        for one in measured
        if one.rows
    }
    return Judged(rows, problems)


def _texts(one: Measured) -> list[Spoken]:
    """Of the first session of each recording."""
    rows: list[Spoken] = []
    for done, cut in zip(one.outcome.runs, one.cuts, strict=False):  # the last cut is of all
        each = len(cut.instances) // len(done.logs)
        rows += spoken(done.recording, cut.instances[:each])
    return rows


def _comet(texts: Mapping[str, Sequence[Spoken]], command: str, model: str) -> _Scores:
    """Of each system's segments that have a source: in one call, for loading takes long."""
    triples = [
        (name, row.key, Triple(row.source, row.output, row.reference))
        for name, rows in texts.items()
        for row in rows
        if row.source
    ]
    values = comet.score([triple for *_, triple in triples], command=command, model=model)
    found: dict[str, dict[_Key, float]] = {name: {} for name in texts}
    for (name, key, _), value in zip(triples, values, strict=True):
        found[name][key] = value
    return found


def _judgement(
    name: str, recording: str | None, plan: Plan, scores: _Scores | None, result: Result | None
) -> Judgement:
    """Of a system over one recording, or all."""
    vip = None
    if result is not None:
        vip = result.scores[name] if recording is None else result.of(name, recording)
    return Judgement(
        None if scores is None else _mean(scores[name], recording),
        None if scores is None else plan.comet_model,
        vip,
        None if result is None else result.judge,
    )


def _mean(scores: Mapping[_Key, float], recording: str | None) -> Interval | None:
    values = [value for key, value in scores.items() if recording in (None, key[0])]
    return bootstrap.interval(bootstrap.mean(values)) if values else None


async def _greet(config: JudgeConfig) -> None:
    async with open_judge(config):
        pass
