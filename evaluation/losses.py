"""Where quality is lost between the offline run and the stream, step by step.

    python -m evaluation.losses FOLDER LOGS

LOGS is what `tongchuan eval --logs` left of one system together with the offline run. Only the
third step translates anything: what was heard in the stream, cut at the gold segments. So the loss
at recognition (seams, windows) stands apart from that of the chunks, and both from what it costs to
cut the output at the references again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation import log, measure
from evaluation.emissions import Emission, transcript
from evaluation.inputs import load
from evaluation.log import SessionLog
from evaluation.offline import Offline
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording
from evaluation.segmenting import ends, segmented, units
from models.config import ModelsConfig, profile_config
from models.engines.llm import LanguageModel
from models.events import SessionSpec
from models.factory import make_llm
from models.interpreter import NoTelemetry
from models.speaking.translator import Translator

_UNIT = {"zh": r"\S", "en": r"\S+"}
STEPS = (
    "offline: gold segments, heard alone",
    "with the memory of those before",
    "cut at the references as a stream is",
    "heard in the stream, gold segments",
    "the stream: its own chunks",
)


@dataclass(frozen=True, slots=True)
class Material:
    """What is at hand of one recording."""

    recording: Recording
    streamed: SessionLog
    offline: Offline


@dataclass(frozen=True, slots=True)
class Step:
    """Quality by reference segment after one step, of all recordings."""

    name: str
    quality: Quality | None


def recut(recording: Recording, heard: str) -> list[str]:
    """`heard`, the source words of a stream, by gold segment: where its edit distance to their
    words is least."""
    starts = [match.start() for match in re.finditer(_UNIT[recording.source], heard)]
    gold = [units(segment.source, recording.source) for segment in recording.segments]
    cuts = [*starts, len(heard)]
    last = ends(units(heard, recording.source), gold)
    return [heard[cuts[start] : cuts[end]].strip() for start, end in pairwise([0, *last])]


async def ladder(
    materials: Sequence[Material], llm: LanguageModel, config: ModelsConfig
) -> list[Step]:
    """The steps, from the offline run down to the stream. Recordings of one direction.

    Raises EngineError, SegmentingError.
    """
    again = {one.recording.id: await _translated(one, llm, config) for one in materials}
    remembered = {one.recording.id: one.offline.remembered for one in materials}
    stream = measure.cut([(one.recording, one.streamed) for one in materials]).quality
    found = (
        _given(materials, {one.recording.id: one.offline.targets for one in materials}),
        _given(materials, remembered),
        _cut(materials, remembered),
        _cut(materials, again),
        stream,
    )
    return [Step(name, one) for name, one in zip(STEPS, found, strict=True)]


async def _translated(
    material: Material, llm: LanguageModel, config: ModelsConfig
) -> tuple[str, ...]:
    recording = material.recording
    spec = SessionSpec(recording.source, recording.target)
    translator = Translator(llm.lane(), spec, config, NoTelemetry())
    texts = []
    try:
        for source in recut(recording, transcript(material.streamed, recording.source)):
            stream = translator.translate(source, recording.source)
            texts.append("".join([piece async for piece in stream]).strip())
    finally:
        translator.close()
    return tuple(texts)


def _given(materials: Sequence[Material], texts: Mapping[str, Sequence[str]]) -> Quality | None:
    """By the segments they were made of."""
    rows = [
        (text, segment.target)
        for one in materials
        for text, segment in zip(texts[one.recording.id], one.recording.segments, strict=True)
        if segment.target.strip()
    ]
    target = materials[0].recording.target
    return quality([text for text, _ in rows], [reference for _, reference in rows], target)


def _cut(materials: Sequence[Material], texts: Mapping[str, Sequence[str]]) -> Quality | None:
    """As a stream's output is cut: by its words, each out when its segment ends."""
    pairs = []
    for one in materials:
        words = [
            Emission(word, segment.end_s * 1000, segment.end_s * 1000)
            for text, segment in zip(texts[one.recording.id], one.recording.segments, strict=True)
            for word in units(text, one.recording.target)
        ]
        pairs.append((one.recording, words))
    return segmented(pairs).quality


def _materials(folder: Path, logs: Path, only: str) -> list[Material]:
    found = []
    for recording in load(folder).recordings:
        streamed, offline = (logs / f"{recording.id}.{which}.json" for which in ("1", "offline"))
        if recording.id.startswith(tuple(only.split(","))) and streamed.exists():
            if not offline.exists():
                raise SystemExit(f"{offline} is missing: run eval without --no-offline")
            body = json.loads(offline.read_text(encoding="utf-8"))
            texts = (tuple(body[key]) for key in ("sources", "targets", "remembered"))
            found.append(Material(recording, log.load(streamed), Offline(recording.id, *texts)))
    if not found:
        raise SystemExit(f"no NAME.1.json of these recordings in {logs}")
    return found


async def _run(materials: Sequence[Material], profile: str) -> list[Step]:
    config = profile_config(profile)
    llm = make_llm(config)
    await llm.start()
    try:
        return await ladder(materials, llm, config)
    finally:
        await llm.close()


def _table(steps: Sequence[Step]) -> Table:
    table = Table()
    table.add_column("after")
    for title in ("BLEU", "lost", "chrF", "lost"):
        table.add_column(title, justify="right")
    before: Quality | None = None
    for step in steps:
        cells = []
        for key in ("bleu", "chrf"):
            score = getattr(step.quality, key, None)
            last = getattr(before, key, None)
            cells.append("-" if score is None else f"{score:.2f}")
            cells.append("" if score is None or last is None else f"{last - score:.2f}")
        table.add_row(step.name, *cells)
        before = step.quality
    return table


def main() -> int:
    """Measure, print a table, save it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("recordings", type=Path, help="folder of NAME.flac and NAME.json")
    parser.add_argument("logs", type=Path, help="folder that `--logs` left of one system")
    parser.add_argument("--only", default="zh2en", help="ids that start so, several with commas")
    parser.add_argument("--profile", default="embedded")
    parser.add_argument("--out", type=Path, help="figures as JSON")
    args = parser.parse_args()
    materials = _materials(args.recordings, args.logs, args.only)
    steps = asyncio.run(_run(materials, args.profile))
    Console().print(_table(steps))
    if args.out:
        rows = [asdict(step) for step in steps]
        args.out.write_text(json.dumps({"arguments": sys.argv[1:], "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
