"""The chunks of saved logs, translated again: what terms, memory and prompts do to the same text.

    python -m evaluation.retranslate FOLDER LOGS --others 10000 --vary speaking.term_form=list,both

LOGS is what `tongchuan eval --logs` left of one system. Nothing is recognised again, so two ways of
speaking differ in nothing else, and less time goes by. The recordings' annotated
terms are the glossary, together with `--others` words that nobody says. As in a session, terms are
listened for in the encoder's states of each chunk; `--no-audio` goes by the text alone.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation import measure
from evaluation.bootstrap import Paired, bleu, chrf, paired
from evaluation.distractors import distractors
from evaluation.encoded import Ears, ears, stretches
from evaluation.log import SessionLog
from evaluation.quality import quality
from evaluation.recordings import Recording
from evaluation.saved import parser, run, save_figures, saved
from evaluation.systems import System, systems
from evaluation.terms import TermScore, term_score
from models.config import ModelsConfig, profile_config
from models.engines.llm import LanguageModel
from models.events import SessionSpec, Term
from models.factory import make_llm
from models.recall.index import TermIndex
from models.speaking.translator import Translator
from tongchuan.events import ChunkFinal, TranslationDelta
from tongchuan.events import Term as UsedTerm

Pairs = Sequence[tuple[Recording, SessionLog]]


@dataclass(frozen=True, slots=True)
class Retold:
    """One way of speaking, on all recordings.

    bleu, chrf: by segment; bleu_bare: of the segments without annotated terms. terms: false alarms
    are of all that the glossary has, those that nobody says too. bare: their
    translations and references. language: of the translations. seconds: in all. used: terms that
    the chunks were told to have used. counts: what the models counted.
    """

    name: str
    language: str
    bleu: float | None
    chrf: float | None
    bleu_bare: float | None
    bare: tuple[tuple[str, str], ...] = field(repr=False)
    terms: TermScore
    used: int
    seconds: float
    counts: Mapping[str, int]


class _Counts:
    """A `Telemetry` that counts."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    def stage(self, name: str, seconds: float) -> None:
        """Ignored."""

    def count(self, name: str, amount: int = 1) -> None:
        """Add."""
        self.found[name] += amount


class _Fixed:
    """One glossary that does not change."""

    def __init__(self, index: TermIndex) -> None:
        self._index = index

    def indexes(self) -> tuple[TermIndex, ...]:
        """It."""
        return (self._index,)


async def retold(
    system: System,
    llm: LanguageModel,
    pairs: Pairs,
    index: TermIndex | None,
    console: Console,
    save: Path | None = None,
    listening: Ears | None = None,
) -> Retold:
    """Translate every chunk of `pairs` again, one session a recording.

    save: folder for the logs, in a folder of the system's name. listening: None to go by the text
    alone.
    """
    counts = _Counts()
    started = time.perf_counter()
    again = []
    for recording, before in pairs:
        console.print(f"{system.name}: {recording.id}", style="dim")
        session = _Session(system.config, llm, index, counts, listening)
        again.append((recording, await session.run(recording, before)))
    seconds = time.perf_counter() - started
    if save is not None:
        folder = save / system.name
        folder.mkdir(parents=True, exist_ok=True)
        for recording, one in again:
            one.save(folder / f"{recording.id}.1.json")
    cut = measure.cut(again)
    segments = [segment for recording, _ in again for segment in recording.referenced]
    outputs = [instance.prediction for instance in cut.instances]
    target = again[0][0].target
    bare = [pair for pair in zip(outputs, segments, strict=True) if not pair[1].terms]
    whole = quality(outputs, [segment.target for segment in segments], target)
    without = quality([text for text, _ in bare], [segment.target for _, segment in bare], target)
    known = dict.fromkeys(term for recording, _ in again for term in recording.terms())
    glossary = [*known, *_standing(index, " ".join(outputs))]
    return Retold(
        system.name,
        target,
        whole.bleu if whole else None,
        whole.chrf if whole else None,
        without.bleu if without else None,
        tuple((text, segment.target) for text, segment in bare),
        term_score(segments, outputs, glossary, target),
        sum(len(final.terms) for _, one in again for final in one.finals),
        seconds,
        dict(counts.found),
    )


def _standing(index: TermIndex | None, text: str) -> list[UsedTerm]:
    """The terms of `index` whose targets may stand in `text`: a quick look at thousands."""
    folded = text.casefold()
    terms = index.terms if index is not None else ()
    return [UsedTerm(one.source, one.target) for one in terms if one.target.casefold() in folded]


def compared(one: Retold, other: Retold) -> Mapping[str, Paired]:
    """BLEU and chrF of the segments without annotated terms: `one` less `other`, by paired
    bootstraps. Raises BootstrapError where there are none."""
    first, second = ([text for text, _ in way.bare] for way in (one, other))
    references = [reference for _, reference in one.bare]
    return {
        "bleu": paired(
            bleu(first, references, one.language), bleu(second, references, one.language)
        ),
        "chrf": paired(chrf(first, references), chrf(second, references)),
    }


@dataclass(frozen=True, slots=True)
class _Session:
    """One recording's session, without the hearing."""

    config: ModelsConfig
    llm: LanguageModel
    index: TermIndex | None
    counts: _Counts
    listening: Ears | None

    async def run(self, recording: Recording, before: SessionLog) -> SessionLog:
        """The log with other translations."""
        glossaries = _Fixed(self.index) if self.index is not None else None
        spec = SessionSpec(recording.source, recording.target, glossaries=glossaries)
        scorer = self.listening.scorer if self.listening else None
        states = iter(self.listening.states[recording.id] if self.listening else ())
        translator = Translator(self.llm.lane(), spec, self.config, self.counts, scorer)
        received = []
        try:
            for item in before.received:
                if isinstance(item.event, ChunkFinal):
                    heard = next(states, None)
                    stream = translator.translate(item.event.source, recording.source, heard)
                    text = "".join([piece async for piece in stream])
                    used = tuple(UsedTerm(term.source, term.target) for term in translator.used)
                    event = item.event
                    delta = TranslationDelta(
                        event.seq, event.at_ms, event.chunk, text, event.heard_ms
                    )
                    final = replace(event, translation=text, terms=used)
                    received += [replace(item, event=delta), replace(item, event=final)]
                elif not isinstance(item.event, TranslationDelta):
                    received.append(item)
        finally:
            translator.close()
        return replace(before, received=tuple(received))


def _table(results: Sequence[Retold]) -> Table:
    table = Table()
    for title in (
        "",
        "BLEU",
        "without terms",
        "chrF",
        "recall",
        "precision",
        "F1",
        "false",
        "unsaid",
        "used",
        "s",
    ):
        table.add_column(title, justify="right" if title else "left", no_wrap=not title)
    for one in results:
        scores = (one.terms.recall, one.terms.precision, one.terms.f1)
        table.add_row(
            one.name,
            *(
                f"{score:.1f}" if score is not None else "-"
                for score in (one.bleu, one.bleu_bare, one.chrf)
            ),
            *(f"{score:.3f}" if score is not None else "-" for score in scores),
            str(one.terms.false_alarms),
            str(one.terms.unsaid),
            str(one.used),
            f"{one.seconds:.0f}",
        )
    return table


async def _run(args: argparse.Namespace, console: Console) -> list[Retold]:
    config = profile_config(args.profile)
    pairs = [(one.recording, one.log) for one in saved(args)]
    said = " ".join(segment.source for recording, _ in pairs for segment in recording.segments)
    known = dict.fromkeys(term for recording, _ in pairs for term in recording.terms())
    terms = [Term(term.source, term.target) for term in known]
    others = distractors(args.others, said)
    chosen = systems([], config, args.vary)
    heard = [(recording, stretches(session)) for recording, session in pairs]
    listening = None if args.no_audio else await ears(config, heard)
    llm = make_llm(config)
    await llm.start()
    results = []
    try:
        if not args.no_plain:
            results.append(
                await retold(
                    replace(chosen[0], name="no glossary"), llm, pairs, None, console, args.save
                )
            )
            console.print(_table(results))
        index = TermIndex([*terms, *others])
        for system in chosen:
            results.append(await retold(system, llm, pairs, index, console, args.save, listening))
            console.print(_table(results))
    finally:
        await llm.close()
    return results


def main() -> None:
    """Measure, print a table, save it."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--others", type=int, default=0, help="terms that nobody says")
    arguments.add_argument("--vary", action="append", default=[], help="GROUP.KEY=VALUE,VALUE")
    arguments.add_argument("--no-plain", action="store_true", help="not without a glossary")
    arguments.add_argument("--no-audio", action="store_true", help="terms by the text alone")
    arguments.add_argument("--save", type=Path, help="folder for the new logs")
    args = arguments.parse_args()
    console = Console(width=120)
    results = run(_run(args, console))
    rows = []
    for one in results:
        row = asdict(one)
        del row["bare"]
        if one is not results[0] and one.bare:
            found = compared(one, results[0])
            console.print(f"{one.name} less {results[0].name}, segments without terms: {found}")
            row["without_terms"] = {name: asdict(score) for name, score in found.items()}
        rows.append(row)
    save_figures(args, {"rows": rows})


if __name__ == "__main__":
    main()
