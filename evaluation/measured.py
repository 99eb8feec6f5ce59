"""One system with all that was measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation import measure
from evaluation.judgement import Judgement
from evaluation.log import SessionLog
from evaluation.offline import Offline
from evaluation.recordings import Recording
from evaluation.report import Row
from evaluation.runs import Outcome
from evaluation.segmenting import Segmented
from evaluation.systems import System


@dataclass(frozen=True, slots=True)
class Measured:
    """A system's outcome. rows, cuts: figures and resegmented output of each run of the outcome,
    then of all together; none when all failed."""

    system: System
    outcome: Outcome
    rows: Sequence[Row]
    cuts: Sequence[Segmented]

    @property
    def name(self) -> str:
        """The system's."""
        return self.system.name

    def judged(self, judgements: Sequence[Judgement]) -> Measured:
        """With one for each row."""
        rows = [replace(row, judgement=one) for row, one in zip(self.rows, judgements, strict=True)]
        return replace(self, rows=rows)


def measured(system: System, outcome: Outcome, texts: Mapping[str, Offline]) -> Measured:
    """texts: the offline run by recording; empty without one. Raises SegmentingError."""
    rows: list[Row] = []
    cuts: list[Segmented] = []

    def add(
        name: str, pairs: Sequence[tuple[Recording, SessionLog]], spent: measure.Cost | None
    ) -> None:
        cut = measure.cut(pairs)
        alone, remembered = _offline(pairs, texts) if texts else (None, None)
        rows.append(Row(name, measure.streamed(pairs, cut), alone, remembered, spent))
        cuts.append(cut)

    everything: list[tuple[Recording, SessionLog]] = []
    for run in outcome.runs:
        pairs = [(run.recording, log) for log in run.logs]
        add(run.recording.id, pairs, run.cost)
        everything += pairs
    if everything:
        add("all", everything, outcome.cost)
    return Measured(system, outcome, rows, cuts)


def _offline(
    pairs: Sequence[tuple[Recording, SessionLog]], texts: Mapping[str, Offline]
) -> tuple[measure.Texts, measure.Texts]:
    """Without and with memory."""
    unique = {recording.id: recording for recording, _ in pairs}
    found = [(recording, texts[key]) for key, recording in unique.items()]
    return measure.offline(found), measure.offline(found, remembered=True)
