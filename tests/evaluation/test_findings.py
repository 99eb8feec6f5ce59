"""Each finding is that of its own module, over all recordings together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluation import measure, report
from evaluation.emissions import emissions
from evaluation.findings import Findings, findings
from evaluation.log import SessionLog
from evaluation.recordings import Recording
from evaluation.segmenting import segmented
from tests.evaluation.sessions import delta, final, log, preview, recording
from tongchuan.events import Term

PLAIN = recording((0.0, 2.0, "今天好", "A fine day today"), (2.5, 4.0, "我们走", "We will go now"))
TALK = replace(
    PLAIN,
    segments=(
        replace(PLAIN.segments[0], terms=(Term("今天", "day"),)),
        replace(PLAIN.segments[1], terms=(Term("走", "go"), Term("飞", "fly"))),
    ),
)
SEEN = log(
    (1.0, preview("A bad")),
    (2.2, delta(1, "A fine day today")),
    (2.3, final(1, "今天好", "A fine day today", 2000, lag_ms=300)),
    (3.9, delta(2, "We will go 走 now")),
    (3.95, final(2, "我门走", "We will go 走 now", 3900, lag_ms=100)),
    duration_s=4.5,
)


def found(talk: Recording, seen: SessionLog) -> Findings:
    words = [(talk, emissions(seen, "en"))]
    return findings([(talk, seen)], words, segmented(words))


def test_a_run_has_all_of_them() -> None:
    result = found(TALK, SEEN)
    assert result.bleu is not None
    assert result.bleu.low <= result.bleu.value <= result.bleu.high
    assert result.term_recall == pytest.approx(2 / 3)
    assert result.term_precision == 1.0
    assert result.faults == {"source language": 1}
    assert result.erased_share is not None
    assert 0 < result.erased_share < 0.5, "one word of a preview went"
    assert result.erased_lifetime_s == pytest.approx(1.2)
    assert result.latency is not None
    assert result.latency.aware.flal == pytest.approx(2.2)
    assert result.yaal is not None


def test_times_of_hurried_audio_mean_nothing() -> None:
    result = found(TALK, log(*((i.at_s, i.event) for i in SEEN.received), speed=2.0))
    assert (result.latency, result.yaal, result.erased_share) == (None, None, None)
    assert result.bleu is not None


def test_a_silent_run_has_them_too() -> None:
    result = found(TALK, log(duration_s=4.5))
    assert result.term_recall == 0
    assert result.faults == {}
    assert result.yaal is None


def test_the_table_shows_them() -> None:
    row = report.Row("all", measure.streamed([(TALK, SEEN)]), None, None, None)
    lines = dict(report.figure_lines([row]))
    assert lines["chunks with source language left in"] == ["1"]
    assert lines["terms, recall"] == ["0.67"]
    assert " to " in lines["95 % interval of BLEU"][0]
    assert lines["first word of a recording (FLAL), s"][0].endswith("/ 2.20")
