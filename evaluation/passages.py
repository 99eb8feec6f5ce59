"""Segments side by side: what was said and recognised, the reference and the output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sacrebleu.metrics.chrf import CHRF

from evaluation.log import SessionLog
from evaluation.markup import Markup, clock, joined, tag
from evaluation.recordings import Recording, Segment
from evaluation.terms import occurrences, targets
from evaluation.timeline import home
from models.errors import TongchuanError
from tongchuan.events import ChunkFinal

_NONE = tag("span", "nothing", class_="none")


class PassageError(TongchuanError):
    """Outputs do not fit a recording. Names it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment with what came of it. place: its id in the page. heard: the chunks whose audio
    lies in it. output: what is aligned to it. chrf: of the sentence, 0 to 100; None without a
    reference translation. terms: each annotated term that can be found (source, target), and
    whether the output has it."""

    place: str
    number: int
    segment: Segment
    heard: tuple[ChunkFinal, ...]
    output: str
    chrf: float | None
    terms: Mapping[tuple[str, str], bool]


def passages(
    recording: Recording, log: SessionLog, outputs: Sequence[str], prefix: str
) -> list[Passage]:
    """Of every segment, in order. outputs: for the segments that have a reference translation, in
    order. Places are `prefix` and a number. Raises PassageError when the counts differ."""
    referenced = len(recording.referenced)
    if referenced != len(outputs):
        raise PassageError(
            f"{recording.id}: {len(outputs)} outputs for {referenced} segments with a reference "
            "translation; give one for each of those, an empty one where nothing came"
        )
    heard: list[list[ChunkFinal]] = [[] for _ in recording.segments]
    for item in log.received:
        if isinstance(item.event, ChunkFinal):
            heard[home(item.event, recording.segments)].append(item.event)
    metric, remaining = CHRF(), iter(outputs)
    found = []
    for number, segment in enumerate(recording.segments, 1):
        output, score = "", None
        if segment.target.strip():
            output = next(remaining)
            score = metric.sentence_score(output, [segment.target]).score
        terms = _terms(segment, output, recording.target)
        chunks = tuple(heard[number - 1])
        place = f"{prefix}{number}"
        found.append(Passage(place, number, segment, chunks, output, score, terms))
    return found


def _terms(segment: Segment, output: str, language: str) -> dict[tuple[str, str], bool]:
    sources = {term.target: term.source for term in segment.terms}
    return {
        (sources[target], target): bool(occurrences(target, output, language))
        for target in targets(segment.terms, language)
    }


def worst(found: Iterable[Passage], most: int) -> list[tuple[float, Passage]]:
    """The `most` with the lowest chrF, and that; lowest first."""
    scored = [(passage.chrf, passage) for passage in found if passage.chrf is not None]
    return sorted(scored, key=lambda pair: pair[0])[:most]


def card(passage: Passage, source: str, target: str) -> Markup:
    """All of it. source, target: the languages."""
    segment = passage.segment
    heads = [
        tag("a", f"{passage.number}", class_="number", href=f"#{passage.place}"),
        tag("span", f"{clock(segment.start_s)} – {clock(segment.end_s)}", class_="when"),
    ]
    if passage.chrf is not None:
        heads.append(score(passage.chrf))
    spoken = {term: hit for (term, _), hit in passage.terms.items()}
    wanted = {term: hit for (_, term), hit in passage.terms.items()}
    panes = [
        _pane("Spoken", _marked(segment.source, spoken, source), source, "spoken"),
        _pane("Recognised", _recognised(passage.heard, spoken, source), source, "recognised"),
        _pane("Reference", _marked(segment.target, wanted, target), target, "reference"),
        _pane("Output", _marked(passage.output, wanted, target), target, "output"),
    ]
    return tag(
        "article",
        tag("header", *heads),
        tag("dl", *panes),
        _term_list(passage.terms),
        class_="passage",
        id=passage.place,
    )


def score(chrf: float) -> Markup:
    """chrF as a number and a bar."""
    bar = tag("i", tag("b", style=f"width:{chrf:.0f}%"), class_="bar", aria_hidden="true")
    return tag("span", "chrF ", tag("strong", f"{chrf:.1f}"), bar, class_="score")


def _pane(name: str, content: Markup, language: str, kind: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", content, lang=language), class_=kind)


def _recognised(chunks: Sequence[ChunkFinal], terms: Mapping[str, bool], language: str) -> Markup:
    """Chunk by chunk, so that the seams are seen."""
    texts = [
        tag(
            "span",
            _marked(chunk.source, terms, language),
            class_="piece",
            title=f"chunk {chunk.chunk}, lag {chunk.lag_ms / 1000:.2f} s",
        )
        for chunk in chunks
    ]
    return joined(texts, " ") if texts else _NONE


def _marked(text: str, terms: Mapping[str, bool], language: str) -> Markup:
    """`text` with the terms in it marked; the longest of those that overlap."""
    spans = [
        (start, end, hit)
        for term, hit in terms.items()
        for start, end in occurrences(term, text, language)
    ]
    parts: list[str] = []
    done = 0
    for start, end, hit in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= done:
            kind = "hit" if hit else "missed"
            parts += [text[done:start], tag("mark", text[start:end], class_=kind)]
            done = end
    parts.append(text[done:])
    return joined(parts) if text.strip() else _NONE


def _term_list(terms: Mapping[tuple[str, str], bool]) -> Markup:
    items = [
        tag("li", f"{'✓' if hit else '✗'} {source} → {target}", class_="hit" if hit else "missed")
        for (source, target), hit in terms.items()
    ]
    return tag("ul", *items, class_="terms") if items else Markup()
