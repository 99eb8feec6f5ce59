"""Terms in the translation with ten at hand, as CLASI's paper tests it (arXiv 2407.21646, 5.3).

    python -m evaluation.tens FOLDER LOGS

For every segment with an annotated term, the chunks that the stream made of it (`tongchuan eval
--logs`) are translated with one gold term among nine that sound most like it, and with ten such
alone. The first should bring the gold term and nothing else, the second nothing. As in a session,
terms are listened for in the encoder's states of each chunk; `--no-audio` goes by the text alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.progress import track

from evaluation.distractors import distractors
from evaluation.encoded import Ears, ears, stretches
from evaluation.log import SessionLog
from evaluation.recordings import Recording, Segment
from evaluation.saved import parser, run, save_figures, saved
from evaluation.terms import occurrences
from models.config import ModelsConfig, profile_config
from models.engines.llm import LanguageModel
from models.events import SessionSpec, Term
from models.factory import make_llm
from models.interpreter import NoTelemetry
from models.recall.index import TermIndex
from models.recall.query import Query
from models.speaking.translator import Translator
from tongchuan.events import ChunkFinal

_OTHERS = 20_000
_TEN = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A term of a segment, the numbers of the chunks that overlap the segment and their texts, and
    ten terms that sound like it."""

    term: Term
    chunks: tuple[int, ...]
    heard: tuple[str, ...]
    recording: Recording
    negatives: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Tens:
    """Shares of `cases`. without, gold: that have the term's rendering, without a glossary and
    with it among nine; false_gold, false_alone: that have one of the nine, and of the ten."""

    cases: int
    without: float
    gold: float
    false_gold: float
    false_alone: float


def cases(recording: Recording, session: SessionLog, others: TermIndex) -> list[Case]:
    """All of a recording; a segment's terms with one rendering count once."""
    finals = session.finals
    found = []
    for segment in recording.segments:
        chunks = _overlapping(segment, finals)
        heard = tuple(finals[number].source for number in chunks)
        for term in {one.target: Term(one.source, one.target) for one in segment.terms}.values():
            found.append(Case(term, chunks, heard, recording, _alike(term, segment, others)))
    return found


def _overlapping(segment: Segment, finals: Sequence[ChunkFinal]) -> tuple[int, ...]:
    first, last = segment.start_s * 1000, segment.end_s * 1000
    return tuple(
        number for number, one in enumerate(finals) if one.end_ms > first and one.start_ms < last
    )


def _alike(term: Term, segment: Segment, others: TermIndex) -> tuple[Term, ...]:
    found = dict.fromkeys(one.term for one in others.search(Query(term.source), 400))
    fill = dict.fromkeys(others.terms)
    wanted = [one for one in {**found, **fill} if one.source not in segment.source]
    return tuple(wanted[:_TEN])


@dataclass(frozen=True, slots=True)
class _Voice:
    """Translates cases, each as the beginning of a session."""

    config: ModelsConfig
    llm: LanguageModel
    listening: Ears | None

    async def say(self, case: Case, terms: tuple[Term, ...]) -> str:
        recording, ears = case.recording, self.listening
        spec = SessionSpec(recording.source, recording.target, terms)
        scorer = ears.scorer if ears else None
        translator = Translator(self.llm.lane(), spec, self.config, NoTelemetry(), scorer)
        said = []
        try:
            for number, text in zip(case.chunks, case.heard, strict=True):
                states = ears.states[recording.id][number] if ears else None
                stream = translator.translate(text, recording.source, states)
                said.append("".join([piece async for piece in stream]))
        finally:
            translator.close()
        return " ".join(said)


async def tens(
    config: ModelsConfig,
    llm: LanguageModel,
    everything: Sequence[Case],
    listening: Ears | None = None,
) -> Tens:
    """Three translations a case. listening: to each recording's chunks; None to go by the text."""
    without = gold = false_gold = false_alone = 0
    voice = _Voice(config, llm, listening)
    for case in track(everything, description="cases"):
        target = case.recording.target
        nine = case.negatives[: _TEN - 1]
        plain = await voice.say(case, ())
        among = await voice.say(case, (*nine, case.term))
        alone = await voice.say(case, case.negatives)
        without += bool(occurrences(case.term.target, plain, target))
        gold += bool(occurrences(case.term.target, among, target))
        false_gold += any(occurrences(one.target, among, target) for one in nine)
        false_alone += any(occurrences(one.target, alone, target) for one in case.negatives)
    count = len(everything)
    shares = (number / count for number in (without, gold, false_gold, false_alone))
    return Tens(count, *shares)


async def _run(args: argparse.Namespace) -> Tens:
    config = profile_config(args.profile)
    materials = saved(args)
    said = " ".join(segment.source for one in materials for segment in one.recording.segments)
    others = TermIndex(distractors(_OTHERS, said))
    everything = [case for one in materials for case in cases(one.recording, one.log, others)]
    parts = [(one.recording, stretches(one.log)) for one in materials]
    listening = None if args.no_audio else await ears(config, parts)
    llm = make_llm(config)
    await llm.start()
    try:
        return await tens(config, llm, everything, listening)
    finally:
        await llm.close()


def main() -> None:
    """Measure, print, save."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--no-audio", action="store_true", help="terms by the text alone")
    args = arguments.parse_args()
    found = run(_run(args))
    Console().print(found)
    save_figures(args, asdict(found))


if __name__ == "__main__":
    main()
