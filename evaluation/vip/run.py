"""A run of the judge for people: a bar, and every verdict on disk as soon as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation.vip.fragments import LONGEST_WORDS
from evaluation.vip.judge import JudgeConfig, open_judge
from evaluation.vip.spoken import Spoken
from evaluation.vip.vip import Result, Segment, vip


def run(
    texts: Mapping[str, Sequence[Spoken]],
    config: JudgeConfig,
    out: Path,
    console: Console,
    *,
    seed: int = 0,
    longest_words: float = LONGEST_WORDS,
) -> Result:
    """As `vip`. out: where the figures go; beside it, as `.jsonl`, every verdict, those too that
    came before the judge died. Raises SpokenError, JudgeError."""
    out.parent.mkdir(parents=True, exist_ok=True)
    total = len({row.key for rows in texts.values() for row in rows})
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with (
        out.with_suffix(".jsonl").open("w", encoding="utf-8") as lines,
        Progress(*columns, console=console) as bar,
    ):
        task = bar.add_task("judge", total=total)

        def judged(segment: Segment) -> None:
            lines.write("\n".join(segment.lines()) + "\n")
            lines.flush()
            bar.advance(task)

        async def asked() -> Result:
            async with open_judge(config) as judge:
                return await vip(
                    texts, judge, seed=seed, longest_words=longest_words, progress=judged
                )

        result = asyncio.run(asked())
    result.save(out)
    return result
