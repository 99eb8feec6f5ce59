"""One system in the HTML report: its tables, lags, worst segments, and each session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation import charts, report
from evaluation.faults import Fault, faults
from evaluation.log import SessionLog
from evaluation.markup import Markup, clock, joined, tag
from evaluation.passages import Passage, card, passages, score, worst
from evaluation.recordings import Recording
from evaluation.report import Line, Row, Target
from evaluation.timeline import legend, timeline
from evaluation.timing import lags_s, percentile
from tongchuan.events import ChunkFinal

_WORST = 15
_TILES = (
    ("BLEU, streamed", "BLEU"),
    ("chrF, streamed", "chrF"),
    ("error rate (CER, WER), streamed", "error rate"),
    ("LongYAAL, computation-aware, s", "LongYAAL, s"),
    ("lag p50, s", "lag p50, s"),
    ("compute, all stages", "compute × real time"),
)
"""Lines of the tables that stand at the top, and what they are called there."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One session. outputs: the output aligned to each segment of the recording that has a
    reference translation, in order."""

    recording: Recording
    log: SessionLog
    outputs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A system of the report. rows: as `report.show` takes them, at least one, the last being that
    of all recordings together; targets: what it is to reach; details: its sessions."""

    name: str
    rows: Sequence[Row]
    targets: Sequence[Target]
    details: Sequence[Detail]


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page. place: its id."""

    place: str
    name: str
    content: Markup


@dataclass(frozen=True, slots=True)
class _Session:
    """A Detail with what is worked out from it. place: its id in the page."""

    place: str
    name: str
    detail: Detail
    passages: Sequence[Passage]
    faults: Sequence[Fault]


def parts(subject: Subject, prefix: str = "") -> list[Part]:
    """Its sections, with ids that start with `prefix`.

    Raises PassageError when outputs do not fit their recording.
    """
    rows = subject.rows
    sessions = _sessions(subject.details, prefix)
    names = [row.name for row in rows]
    lags = [lag for session in sessions for lag in _lags(session.detail.log)]
    found = [Part("figures", "Figures", table(names, report.figure_lines(rows)))]
    if subject.targets:
        found.append(Part("reach", report.TARGETS_TITLE, _reached(subject.targets)))
    if rows[-1].cost is not None:
        found.append(Part("cost", report.COST_TITLE, table(names, report.cost_lines(rows))))
    if lags:
        found.append(Part("lag", "Chunk lag", charts.histogram(lags, _marks(lags))))
    if sessions:
        found.append(Part("worst", "Worst segments", _worst(sessions)))
    found = [Part(f"{prefix}{part.place}", part.name, part.content) for part in found]
    return found + [Part(s.place, s.name, _session(s, rows)) for s in sessions]


def tiles(rows: Sequence[Row]) -> Markup:
    """The most telling figures of the last of `rows`."""
    costs = report.cost_lines(rows) if rows[-1].cost is not None else []
    cells = dict([*report.figure_lines(rows), *costs])
    return joined(
        tag("div", tag("dt", label), tag("dd", cells[name][-1]))
        for name, label in _TILES
        if name in cells
    )


def _sessions(details: Sequence[Detail], prefix: str) -> list[_Session]:
    ids = [detail.recording.id for detail in details]
    sessions = []
    for number, detail in enumerate(details, 1):
        name, again = detail.recording.id, ids[:number].count(detail.recording.id)
        place = f"{prefix}r{number}"
        sessions.append(
            _Session(
                place,
                name if again == 1 else f"{name} ({again})",
                detail,
                passages(detail.recording, detail.log, detail.outputs, f"{place}-"),
                faults(detail.recording, detail.log),
            )
        )
    return sessions


def _lags(log: SessionLog) -> list[float]:
    return lags_s(log) if log.speed == 1 else []


def _marks(lags: Sequence[float]) -> dict[str, float]:
    marks = {"p50": percentile(lags, 0.5), "p95": percentile(lags, 0.95)}
    return {name: value for name, value in marks.items() if value is not None}


def table(names: Sequence[str], lines: Iterable[Line]) -> Markup:
    """Lines of cells under `names`."""
    heads = tag("tr", tag("th", "", scope="col"), *(tag("th", n, scope="col") for n in names))
    rows = [
        tag(
            "tr",
            tag("th", name.strip(), scope="row", class_="sub" if name.startswith(" ") else None),
            *(tag("td", cell) for cell in cells),
        )
        for name, cells in lines
    ]
    return tag("div", tag("table", tag("thead", heads), tag("tbody", *rows)), class_="wide")


def _reached(targets: Sequence[Target]) -> Markup:
    rows = []
    for target, line in zip(targets, report.target_lines(targets), strict=True):
        kind, word = {True: ("hit", "yes"), False: ("missed", "no"), None: (None, "-")}[target.met]
        name, *cells = line
        verdict = tag("td", word, class_=kind)
        rows.append(
            tag("tr", tag("th", name, scope="row"), *(tag("td", c) for c in cells), verdict)
        )
    heads = (tag("th", name, scope="col") for name in ("what", "reach", "here", ""))
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="narrow")
    return tag("div", table, class_="wide")


def _worst(sessions: Sequence[_Session]) -> Markup:
    owners = {passage.place: session for session in sessions for passage in session.passages}
    found = worst((p for session in sessions for p in session.passages), _WORST)
    items = []
    for chrf, passage in found:
        session = owners[passage.place]
        where = f"{session.name}, {clock(passage.segment.start_s)}"
        language = session.detail.recording.target
        items.append(
            tag(
                "li",
                tag("a", where, href=f"#{passage.place}"),
                score(chrf),
                tag("p", passage.segment.target, lang=language, class_="wanted"),
                tag("p", passage.output.strip() or "nothing", lang=language),
            )
        )
    note = "Sentence chrF of the output that is aligned to a segment; the reference stands above."
    return joined([tag("p", note, class_="note"), tag("ol", *items, class_="worst")])


def _session(session: _Session, rows: Sequence[Row]) -> Markup:
    recording, log = session.detail.recording, session.detail.log
    own = [row for row in rows if row.name == recording.id]
    figures = tag("dl", tiles(own), class_="tiles") if own else None
    points = [
        (item.event.end_ms / 1000, item.event.lag_ms / 1000)
        for item in log.received
        if isinstance(item.event, ChunkFinal) and log.speed == 1
    ]
    marks = _marks([lag for _, lag in points])
    places = {passage.number - 1: passage.place for passage in session.passages}
    lines = timeline(recording.segments, log, session.faults, places)
    cards = (card(p, recording.source, recording.target) for p in session.passages)
    parts = [
        figures,
        tag("h3", "Lag over time") if points else None,
        charts.lag_plot(points, log.duration_s, marks) if points else None,
        tag("h3", "Time line"),
        legend(),
        lines,
        tag("h3", f"Faults: {len(session.faults)}"),
        _faults(session),
        tag("h3", "Segments"),
        tag("div", *cards, class_="passages"),
    ]
    return joined(part for part in parts if part is not None)


def _faults(session: _Session) -> Markup:
    items = [
        tag(
            "li",
            tag("strong", fault.kind),
            f" {clock(fault.audio_s)}"
            + (f", chunk {fault.chunk}" if fault.chunk is not None else ""),
            tag("p", fault.source, lang=session.detail.recording.source) if fault.source else "",
            tag("p", fault.text),
        )
        for fault in session.faults
    ]
    return tag("ul", *items, class_="faults") if items else tag("p", "None.", class_="note")
