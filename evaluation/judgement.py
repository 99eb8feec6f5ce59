"""What other models say of translations: COMET, and VIP by a judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.bootstrap import Interval
from evaluation.vip.scores import NAME, Score
from evaluation.vip.verdicts import CHECKS

_Line = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of the recordings of a row, one session of each.

    comet: the mean over segments that have a source and a reference, with its 95 % bootstrap
    interval; comet_model: whose. vip: see `evaluation.vip`; judge: the model that was asked.
    """

    comet: Interval | None = None
    comet_model: str | None = None
    vip: Score | None = None
    judge: str | None = None


def lines(judgements: Sequence[Judgement | None]) -> list[_Line]:
    """For a table with a column for each: a name and its cells. Empty when nobody was asked."""
    known = [one for one in judgements if one is not None]
    models = _names(one.comet_model for one in known)
    judges = _names(one.judge for one in known)
    found: list[_Line] = []
    if models:
        found += _score("COMET", models, [one.comet if one else None for one in judgements])
    if judges:
        scores = [one.vip if one else None for one in judgements]
        found += _score(NAME, judges, [score.vip if score else None for score in scores])
        found += [
            (f"  fragments that fail {check}", [_failed(score, check) for score in scores])
            for check in CHECKS
        ]
        found.append(("  share of fragments unjudged", [_unjudged(score) for score in scores]))
    return found


def told(judgement: Judgement | None) -> str:
    """In words, on one line. Empty when nobody was asked."""
    if judgement is None:
        return ""
    parts = []
    if judgement.comet_model:
        parts.append(f"COMET, {judgement.comet_model}: {_words(judgement.comet)}")
    if judgement.judge:
        score = judgement.vip
        parts.append(f"{NAME}, {judgement.judge}: {_words(score.vip if score else None)}")
        parts.append(f"unjudged: {_unjudged(score)}")
    return "; ".join(parts)


def _names(models: Iterable[str | None]) -> str:
    return ", ".join(sorted({model for model in models if model}))


def _score(name: str, models: str, intervals: Sequence[Interval | None]) -> list[_Line]:
    return [
        (f"{name}, {models}", ["-" if one is None else f"{one.value:.3f}" for one in intervals]),
        (f"  95 % interval of {name}", ["-" if one is None else _bounds(one) for one in intervals]),
    ]


def _words(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.value:.3f} ({_bounds(interval)})"


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _failed(score: Score | None, check: str) -> str:
    if score is None:
        return "-"
    return f"{score.failed[check]} of {score.fragments - score.unjudged}"


def _unjudged(score: Score | None) -> str:
    return "-" if score is None else f"{score.unjudged_share:.3f}"
