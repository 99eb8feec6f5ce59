"""The report as one HTML file that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from evaluation import charts, report
from evaluation.faults import Fault, faults
from evaluation.log import SessionLog
from evaluation.markup import Markup, clock, escaped, joined, tag
from evaluation.passages import Passage, card, passages, score, worst
from evaluation.recordings import Recording
from evaluation.report import Line, Row, Target
from evaluation.timeline import legend, timeline
from evaluation.timing import lags_s, percentile
from models.errors import TongchuanError
from tongchuan.events import ChunkFinal

_PAGE = Path(__file__).with_name("report.html")
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


class PageError(TongchuanError):
    """A report cannot be made. Says what it lacks."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One session. outputs: the output aligned to each segment of the recording that has a
    reference translation, in order."""

    recording: Recording
    log: SessionLog
    outputs: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Session:
    """A Detail with what is worked out from it. place: its id in the page."""

    place: str
    name: str
    detail: Detail
    passages: Sequence[Passage]
    faults: Sequence[Fault]


def render(
    title: str,
    made: Mapping[str, Any],
    rows: Sequence[Row],
    targets: Sequence[Target],
    details: Sequence[Detail],
) -> str:
    """The page. made: circumstances of the run, mappings in it too; rows, targets: as
    `report.show` takes them, the last row being that of all recordings together.

    Raises PageError without rows, PassageError when outputs do not fit their recording.
    """
    if not rows:
        raise PageError("a report needs the figures of one recording at least: rows is empty")
    sessions = _sessions(details)
    lines = report.figure_lines(rows)
    costs = report.cost_lines(rows) if rows[-1].cost is not None else []
    names = [row.name for row in rows]
    lags = [lag for session in sessions for lag in _lags(session.detail.log)]
    parts = [("figures", "Figures", _table(names, lines))]
    if targets:
        parts.append(("reach", report.TARGETS_TITLE, _reached(targets)))
    if costs:
        parts.append(("cost", report.COST_TITLE, _table(names, costs)))
    if lags:
        parts.append(("lag", "Chunk lag", charts.histogram(lags, _marks(lags))))
    if sessions:
        parts.append(("worst", "Worst segments", _worst(sessions)))
    parts += [(session.place, session.name, _session(session, rows)) for session in sessions]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=escaped(title),
        tiles=_tiles(dict([*lines, *costs])),
        links=joined(tag("a", name, href=f"#{place}") for place, name, _ in parts),
        body=joined(
            tag("section", tag("h2", name), content, id=place) for place, name, content in parts
        ),
        made=_circumstances(made),
    )


def _sessions(details: Sequence[Detail]) -> list[_Session]:
    ids = [detail.recording.id for detail in details]
    sessions = []
    for number, detail in enumerate(details, 1):
        name, again = detail.recording.id, ids[:number].count(detail.recording.id)
        place = f"r{number}"
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


def _tiles(cells: Mapping[str, Sequence[str]]) -> Markup:
    return joined(
        tag("div", tag("dt", label), tag("dd", cells[name][-1]))
        for name, label in _TILES
        if name in cells
    )


def _table(names: Sequence[str], lines: Iterable[Line]) -> Markup:
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
    figures = tag("dl", _tiles(dict(report.figure_lines(own))), class_="tiles") if own else None
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


def _circumstances(made: Mapping[str, Any]) -> Markup:
    pairs = []
    for name, value in made.items():
        inner = value if isinstance(value, Mapping) else {name: value}
        pairs += [(key, told) for key, told in inner.items() if told is not None]
    return joined(tag("div", tag("dt", str(k)), tag("dd", str(v))) for k, v in pairs)
