"""`tongchuan eval [RECORDINGS]`: stream recordings through one system or several, score, report."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sacrebleu
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from evaluation import (
    degrade,
    gate,
    inputs,
    judging,
    offline,
    options,
    publishing,
    report,
    runs,
    segmenting,
)
from evaluation.charge import CHARGES
from evaluation.engines import open_engines
from evaluation.measured import measured
from evaluation.recordings import Recording
from evaluation.saved import save_offline
from evaluation.serving import own_cores
from evaluation.systems import System, sweep, systems
from models.config import ModelsConfig
from models.errors import TongchuanError
from tongchuan.settings import models_config

_TOLD = (
    "only", "profile", "streams", "speed", "terms", "no_previews", "virtual", "seconds", "degrade",
    "systems", "vary", "sweep", "speaks",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured, 1 when that failed or it is worse than `--against`, 130 when interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.bench", description=options.DESCRIPTION
    )
    options.add_options(parser)
    args = parser.parse_args(argv)
    wrong = options.conflict(args)
    if wrong:
        parser.error(wrong)
    try:
        return 0 if evaluate(args, Console()) else 1
    except TongchuanError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def evaluate(args: argparse.Namespace, console: Console) -> bool:
    """All that `args` (see `options`) ask for; whether it is as good as what `--against` holds.

    Raises TongchuanError when nothing was measured.
    """
    base = gate.load(args.against) if args.against else None
    config = models_config(args.profile)
    chosen = sweep(args.systems, config) if args.sweep else systems(args.systems, config, args.vary)
    if args.speaks != options.SPOKEN[0]:
        chosen = [replace(system, name=args.speaks) for system in chosen]
    degrade.conditions(args.degrade)  # a wrong one is told once
    judges = judging.Plan.of(args)
    judges.check()
    path = inputs.named(args.recordings)
    recordings, problems = _recordings(path, args)
    if base is not None:
        base.fit(recording.id for recording in recordings)  # told before an hour is spent
    places = (args.out.parent, args.logs, args.export, args.html and args.html.parent)
    for place in places:
        if place:
            place.mkdir(parents=True, exist_ok=True)
    before_s = gate.reference_s()
    outcomes = _stream(recordings, chosen, config, args, console)
    reference_s = (before_s + gate.reference_s()) / 2  # of the machine as the streams had it
    problems += [problem for outcome in outcomes for problem in outcome.problems]
    _tell_problems(problems, console)
    if not any(outcome.runs for outcome in outcomes):
        raise TongchuanError(f"nothing was measured: {problems[0].message}")
    heard = {run.recording.id for outcome in outcomes for run in outcome.runs}
    wanted = [recording for recording in recordings if recording.id in heard]
    texts = {} if args.no_offline else asyncio.run(_offline_all(wanted, config, args, console))
    found = [
        measured(system, outcome, texts) for system, outcome in zip(chosen, outcomes, strict=True)
    ]
    if judges.wanted:
        told = judging.judged(found, judges, args.out, console)
        found = [one.judged(told.rows.get(one.name, ())) for one in found]
        failed = [runs.Problem("all", problem) for problem in told.problems]
        _tell_problems(failed, console)
        problems += failed
    made = _circumstances(args, reference_s)
    publishing.publish(found, problems, path.name, made, args, console)
    if base is None:
        return True
    bounds = gate.checks(found[0].rows, made, base)
    report.show_targets(f"Against {args.against.name}", bounds, console)
    return all(target.met for target in bounds)


def _recordings(path: Path, args: argparse.Namespace) -> tuple[list[Recording], list[runs.Problem]]:
    # A manifest names its recordings as it likes; elsewhere the id tells the direction.
    only = args.only if args.only is not None else "" if path.is_file() else "zh"
    loaded = inputs.load(path, only, args.audio)
    problems = [runs.Problem(path.name, problem) for problem in loaded.problems]
    if len({recording.source for recording in loaded.recordings}) > 1:
        raise TongchuanError(f"{path} has both directions; choose one: --only zh or --only en")
    usable = []
    for recording in loaded.recordings:
        try:
            made = recording if args.seconds is None else recording.first(args.seconds)
            made = made.degraded(args.degrade) if args.degrade else made
            made.samples()  # a bad file is told before an hour is spent
            usable.append(made)
        except TongchuanError as error:
            problems.append(runs.Problem(recording.id, str(error)))
    if not usable:
        raise TongchuanError("; ".join(problem.message for problem in problems))
    return usable, problems


def _stream(
    recordings: Sequence[Recording],
    chosen: Sequence[System],
    config: ModelsConfig,
    args: argparse.Namespace,
    console: Console,
) -> list[runs.Outcome]:
    total_s = sum(recording.duration_s for recording in recordings)
    outcomes = []
    with _progress(console) as bar:
        tasks = {system.name: bar.add_task(system.name, total=total_s) for system in chosen}

        def plan(system: System) -> runs.Plan:
            logs = args.logs / system.name if args.logs and len(chosen) > 1 else args.logs
            if logs:
                logs.mkdir(parents=True, exist_ok=True)
            return runs.Plan(args.streams, args.speed, args.terms, not args.no_previews, logs)

        def advance(system: System) -> Callable[[float], None]:
            return lambda seconds: bar.advance(tasks[system.name], seconds)

        if args.virtual:
            charge = CHARGES[args.virtual]
            with runs.pinned(own_cores(args.cores)), open_engines(config) as engines:
                for system in chosen:
                    outcomes.append(
                        runs.simulated(
                            recordings, engines, system, charge, plan(system), advance(system)
                        )
                    )
            return outcomes
        for system in chosen:
            server = runs.Server(args.url, args.profile, args.cores, system.settings, args.speaks)
            outcomes.append(
                asyncio.run(runs.real(recordings, server, plan(system), advance(system)))
            )
    return outcomes


async def _offline_all(
    recordings: Sequence[Recording],
    config: ModelsConfig,
    args: argparse.Namespace,
    console: Console,
) -> dict[str, offline.Offline]:
    found: dict[str, offline.Offline] = {}
    total = sum(len(recording.segments) for recording in recordings)
    async with offline.open_cascade(config) as cascade:
        with _progress(console) as bar:
            task = bar.add_task("offline", total=total)
            advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
            for recording in recordings:
                result = await cascade.run(recording, advance)
                found[recording.id] = result
                if args.logs:
                    save_offline(result, args.logs)
    return found


def _tell_problems(problems: Sequence[runs.Problem], console: Console) -> None:
    for problem in problems:
        console.print(f"[red]missing[/] {problem.recording}: {problem.message}", highlight=False)


def _circumstances(args: argparse.Namespace, reference_s: float) -> dict[str, Any]:
    return {
        "arguments": {key: value for key, value in vars(args).items() if key in _TOLD},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "charge": repr(CHARGES[args.virtual]) if args.virtual else None,
        "cores": args.cores,
        "reference_s": reference_s,
        "omnisteval": segmenting.VERSION,
        "sacrebleu": sacrebleu.__version__,
    }


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console
    )


if __name__ == "__main__":
    sys.exit(main())
