"""`python -m evaluation.soak`: half an hour of speech with pauses, and a minute each of sounds that
are no speech. Memory is to stay flat, and nothing is to be invented where nobody speaks."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from evaluation import inputs
from evaluation.conversation import first_error
from evaluation.faults import invented
from evaluation.log import SessionLog
from evaluation.recordings import RATE, Recording, Segment
from evaluation.replay import replay
from evaluation.serving import Served, own_cores, serve
from evaluation.timing import drift
from models.errors import TongchuanError

Samples = NDArray[np.int16]
PAUSES_S = (2.0, 10.0, 30.0, 5.0, 60.0)
"""Of faint noise, between recordings' sentences, in turn; every fifth sentence has one."""
SETTLED_S = 180.0
_SAMPLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Soak:
    """What half an hour showed. Memory in MiB: when settled, and the most after that."""

    minutes: float
    settled_mib: float
    most_mib: float
    growth: float
    chunks: int
    lag_drift_s: float | None
    invented: tuple[str, ...]
    committed_to_noise: dict[str, tuple[str, ...]]

    @property
    def passed(self) -> bool:
        """Memory within 5 %, nothing invented."""
        noisy = any(self.committed_to_noise.values())
        return self.growth <= 0.05 and not self.invented and not noisy


def noises(seconds: float = 60.0) -> dict[str, Samples]:
    """Silence, white noise, mains hum and music-like tones, 16 kHz."""
    count = round(seconds * RATE)
    clock = np.arange(count) / RATE
    chance = np.random.default_rng(0)
    notes = 220 * 2 ** (np.array([0, 3, 7, 12, 10, 7, 5, 3])[(clock * 2).astype(int) % 8] / 12)
    phase = 2 * np.pi * np.cumsum(notes) / RATE
    swell = np.exp(-2 * (clock * 2 % 1))
    shapes = {
        "silence": np.zeros(count),
        "white noise": 0.1 * chance.standard_normal(count),
        "hum": 0.2 * sum(np.sin(2 * np.pi * 50 * k * clock) / k for k in (1, 2, 3, 5)),
        "tones": 0.3 * swell * (np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)),
    }
    return {
        name: np.clip(shape * 32767, -32768, 32767).astype(np.int16)
        for name, shape in shapes.items()
    }


def compose(recordings: Sequence[Recording], minutes: float) -> tuple[Samples, list[Segment]]:
    """Speech with pauses for `minutes`, and the segments where they now are."""
    chance = np.random.default_rng(1)
    parts: list[Samples] = []
    segments: list[Segment] = []
    at, limit = 0, round(minutes * 60 * RATE)
    pauses = itertools.cycle(PAUSES_S)
    for recording in itertools.cycle(recordings):
        samples = recording.samples()
        for number, segment in enumerate(recording.segments, 1):
            speech = samples[round(segment.start_s * RATE) : round(segment.end_s * RATE)]
            pause_s = next(pauses) if number % 5 == 0 else 0.4
            pause = (chance.standard_normal(round(pause_s * RATE)) * 10).astype(np.int16)
            moved = replace(segment, start_s=at / RATE, end_s=(at + len(speech)) / RATE)
            segments.append(moved)
            parts += [speech, pause]
            at += len(speech) + len(pause)
            if at >= limit:
                return np.concatenate(parts), segments
    raise AssertionError("recordings repeat without end")


async def soak(
    recordings: Sequence[Recording], minutes: float, served: Served, tell: Callable[[str], None]
) -> Soak:
    """Run it all against a server of our own."""
    with tempfile.TemporaryDirectory() as name:
        noisy: dict[str, tuple[str, ...]] = {}
        for kind, sound in noises().items():
            tell(f"a minute of {kind}")
            talk = _recording(Path(name), sound, [Segment(0, 0.1, "", "")], recordings[0])
            noisy[kind] = tuple(map(str, invented(await replay(talk, served.url), [])))
        samples, segments = compose(recordings, minutes)
        talk = _recording(Path(name), samples, segments, recordings[0])
        tell(f"{len(samples) / RATE / 60:.0f} minutes of speech with pauses")
        log, memory = await _watched(talk, served)
    settled = [mib for at_s, mib in memory if at_s >= min(SETTLED_S, minutes * 20)]
    first = settled[0] if settled else memory[-1][1]
    most = max(settled, default=first)
    finals = log.finals
    return Soak(
        round(len(samples) / RATE / 60, 2),
        first,
        most,
        most / first - 1,
        len(finals),
        drift([final.lag_ms / 1000 for final in finals]),
        tuple(map(str, invented(log, segments))),
        noisy,
    )


def _recording(
    folder: Path, samples: Samples, segments: Sequence[Segment], like: Recording
) -> Recording:
    path = folder / "soak.flac"
    soundfile.write(path, samples, RATE)
    return Recording("soak", path, len(samples) / RATE, like.source, like.target, tuple(segments))


async def _watched(talk: Recording, served: Served) -> tuple[SessionLog, list[tuple[float, float]]]:
    """The replay, and the server's memory (MiB) by time since its start."""
    memory: list[tuple[float, float]] = []
    started = time.monotonic()

    async def watch() -> None:
        while True:
            usage = await served.usage()
            assert usage.mib is not None, "the server is ours"
            memory.append((time.monotonic() - started, usage.mib))
            await asyncio.sleep(_SAMPLE_S)

    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch())
            log = await replay(talk, served.url)
            watching.cancel()
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    return log, memory


def main(argv: Sequence[str] | None = None) -> int:
    """0 when it passed, 1 when not or when it could not run, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.soak", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="recordings to make it from")
    parser.add_argument("--only", default="zh", metavar="PREFIX", help="ids that start so (zh)")
    parser.add_argument("--minutes", type=float, default=30.0, help="of speech with pauses (30)")
    parser.add_argument("--profile", default="embedded", help="models and their settings")
    parser.add_argument("--cores", type=int, default=2, help="for the server (2)")
    parser.add_argument("--out", type=Path, default=Path("out/soak.json"), help="figures as JSON")
    args = parser.parse_args(argv)
    try:
        found = asyncio.run(_main(args))
    except TongchuanError as error:
        sys.stderr.write(f"soak: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    text = json.dumps(asdict(found) | {"passed": found.passed}, ensure_ascii=False, indent=1)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 0 if found.passed else 1


async def _main(args: argparse.Namespace) -> Soak:

    def tell(text: str) -> None:
        sys.stderr.write(f"soak: {text}\n")

    loaded = inputs.load(inputs.named(args.folder), args.only)
    for problem in loaded.problems:
        tell(problem)
    async with serve(args.profile, own_cores(args.cores), 1) as served:
        return await soak(loaded.recordings, args.minutes, served, tell)


if __name__ == "__main__":
    sys.exit(main())
