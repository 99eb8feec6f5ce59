"""What was said and what a system made of it, a segment at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.recordings import Recording
from evaluation.segmenting import Instance
from models.errors import TongchuanError

_EDGE_CHARS = 80  # of the neighbours' output that goes along


class SpokenError(TongchuanError):
    """Outputs do not belong together. Names the recording."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment with a reference translation. number: from 1 in its recording. source may be empty.

    output: what the system committed for it, cut automatically. before, after: the end of what it
    committed for the segment before, and the beginning of what it did for the next one.
    """

    recording: str
    number: int
    source: str
    reference: str
    output: str
    before: str = ""
    after: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Which segment it is, whatever the system."""
        return self.recording, self.number

    @property
    def silent(self) -> bool:
        """Whether nothing was shown that could render it."""
        return not (self.output.strip() or self.before.strip() or self.after.strip())


def spoken(recording: Recording, instances: Sequence[Instance]) -> list[Spoken]:
    """Of the recording's segments that have a reference; instances: what was aligned to each, as
    `segmenting.segmented` gives it. Raises SpokenError when the counts differ."""
    segments = recording.referenced
    if len(segments) != len(instances):
        raise SpokenError(
            f"{recording.id}: {len(instances)} outputs for {len(segments)} segments with a "
            "reference translation; give one for each"
        )
    outputs = ["", *(instance.prediction.strip() for instance in instances), ""]
    return [
        Spoken(
            recording.id,
            number,
            segment.source.strip(),
            segment.target.strip(),
            outputs[number],
            _end(outputs[number - 1]),
            _beginning(outputs[number + 1]),
        )
        for number, segment in enumerate(segments, 1)
    ]


def _end(text: str) -> str:
    """Whole words, where there are spaces."""
    piece = text[-_EDGE_CHARS:]
    return piece if piece == text else piece.partition(" ")[2] or piece


def _beginning(text: str) -> str:
    piece = text[:_EDGE_CHARS]
    return piece if piece == text else piece.rpartition(" ")[0] or piece


def by_segment(
    texts: Mapping[str, Sequence[Spoken]],
) -> dict[tuple[str, int], dict[str, Spoken]]:
    """texts: by system. For each segment, in order, what each system made of it.

    A system may lack segments. Raises SpokenError when two systems have different references for
    one, or a system has one twice.
    """
    found: dict[tuple[str, int], dict[str, Spoken]] = {}
    for system, rows in texts.items():
        for row in rows:
            others = found.setdefault(row.key, {})
            one = next(iter(others.values()), row)
            if (one.source, one.reference) != (row.source, row.reference):
                raise SpokenError(
                    f"{row.recording}: segment {row.number} of {system!r} has another source or "
                    "reference than that of another system; judge runs over the same recordings"
                )
            if system in others:
                raise SpokenError(
                    f"{row.recording}: segment {row.number} of {system!r} is there twice; "
                    "judge one session of a recording"
                )
            others[system] = row
    return found
