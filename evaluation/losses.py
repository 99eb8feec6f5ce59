"""Where quality is lost between the offline run and the stream, step by step.

    python -m evaluation.losses FOLDER LOGS

LOGS is what `tongchuan eval --logs` left of one system together with the offline run. Only the
fourth step translates anything: what was heard in the stream, cut at the gold segments. So the loss
at recognition (seams, windows) stands apart from that of the chunks, and both from what it costs to
cut the output at the references again.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from rich.console import Console
from rich.table import Table

from evaluation import measure
from evaluation.emissions import Emission, transcript, units
from evaluation.log import LogError
from evaluation.offline import Offline
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording
from evaluation.saved import Saved, parser, run, save_figures, saved
from evaluation.segmenting import ends, segmented
from models.config import ModelsConfig, profile_config
from models.engines.llm import LanguageModel
from models.events import SessionSpec
from models.factory import make_llm
from models.interpreter import NoTelemetry
from models.speaking.translator import Translator

STEPS = (
    "offline: gold segments, heard alone",
    "with the memory of those before",
    "cut at the references as a stream is",
    "heard in the stream, gold segments",
    "the stream: its own chunks",
)


@dataclass(frozen=True, slots=True)
class Step:
    """Quality by reference segment after one step, of all recordings."""

    name: str
    quality: Quality | None


def recut(recording: Recording, heard: str) -> list[str]:
    """`heard`, the source words of a stream, by gold segment: where its edit distance to their
    words is least."""
    language = recording.source
    words = list(units(heard, language))
    gold = [[unit[0] for unit in units(one.source, language)] for one in recording.segments]
    cuts = [*(word.start() for word in words), len(heard)]
    last = ends([word[0] for word in words], gold)
    return [heard[cuts[start] : cuts[end]].strip() for start, end in pairwise([0, *last])]


async def ladder(
    materials: Sequence[Saved], llm: LanguageModel, config: ModelsConfig
) -> list[Step]:
    """The steps, from the offline run down to the stream. Recordings of one direction.

    Raises LogError where an offline run is missing, EngineError, SegmentingError.
    """
    offline = {one.recording.id: _offline(one) for one in materials}
    again = {one.recording.id: await _translated(one, llm, config) for one in materials}
    alone = {name: one.targets for name, one in offline.items()}
    remembered = {name: one.remembered for name, one in offline.items()}
    stream = measure.cut([(one.recording, one.log) for one in materials]).quality
    found = (
        _given(materials, alone),
        _given(materials, remembered),
        _cut(materials, remembered),
        _cut(materials, again),
        stream,
    )
    return [Step(name, one) for name, one in zip(STEPS, found, strict=True)]


def _offline(material: Saved) -> Offline:
    if material.offline is None:
        raise LogError(
            f"{material.recording.id} has no offline run beside its log: "
            "run tongchuan eval without --no-offline"
        )
    return material.offline


async def _translated(material: Saved, llm: LanguageModel, config: ModelsConfig) -> tuple[str, ...]:
    recording = material.recording
    spec = SessionSpec(recording.source, recording.target)
    translator = Translator(llm.lane(), spec, config, NoTelemetry())
    texts = []
    try:
        for source in recut(recording, transcript(material.log, recording.source)):
            stream = translator.translate(source, recording.source)
            texts.append("".join([piece async for piece in stream]).strip())
    finally:
        translator.close()
    return tuple(texts)


def _given(materials: Sequence[Saved], texts: Mapping[str, Sequence[str]]) -> Quality | None:
    """By the segments they were made of."""
    rows = [
        (text, segment.target)
        for one in materials
        for text, segment in zip(texts[one.recording.id], one.recording.segments, strict=True)
        if segment.target.strip()
    ]
    target = materials[0].recording.target
    return quality([text for text, _ in rows], [reference for _, reference in rows], target)


def _cut(materials: Sequence[Saved], texts: Mapping[str, Sequence[str]]) -> Quality | None:
    """As a stream's output is cut: by its words, each out when its segment ends."""
    pairs = []
    for one in materials:
        words = [
            Emission(word[0], segment.end_s * 1000, segment.end_s * 1000)
            for text, segment in zip(texts[one.recording.id], one.recording.segments, strict=True)
            for word in units(text, one.recording.target)
        ]
        pairs.append((one.recording, words))
    return segmented(pairs).quality


async def _run(args: argparse.Namespace) -> list[Step]:
    config = profile_config(args.profile)
    materials = saved(args)
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


def main() -> None:
    """Measure, print, save."""
    args = parser(__doc__ or "").parse_args()
    steps = run(_run(args))
    Console().print(_table(steps))
    save_figures(args, {"steps": [asdict(step) for step in steps]})


if __name__ == "__main__":
    main()
