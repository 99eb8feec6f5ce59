"""A run that is worse fails; chance and another machine's speed do not."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from evaluation import gate
from evaluation.bootstrap import Interval
from evaluation.findings import Findings
from evaluation.measure import Cost, Times
from evaluation.report import Row
from tests.evaluation.rows import row

MADE = {"reference_s": 0.1}
FOUND = Findings(
    Interval(10.0, 12.346, 14.0), Interval(38.0, 40.5, 43.0),
    None, None, None, None, None, None, None, {},
)  # fmt: skip


def run(**changes: object) -> list[Row]:
    """A recording and all, with these figures of the whole changed."""
    whole = row()
    streamed = replace(whole.streamed, findings=changes.pop("findings", FOUND))  # type: ignore[arg-type]
    if "error" in changes:
        streamed = replace(streamed, texts=replace(streamed.texts, error=changes["error"]))  # type: ignore[arg-type]
    if "yaal" in changes:
        assert isinstance(streamed.times, Times)
        streamed = replace(streamed, times=replace(streamed.times, yaal_aware=changes["yaal"]))  # type: ignore[arg-type]
    cost = Cost({}, float(str(changes.get("compute", 0.7))), 0.5, 900.0, 1.0)
    return [replace(whole, name="zh-a"), replace(whole, streamed=streamed, cost=cost)]


@pytest.fixture
def base(tmp_path: Path) -> gate.Baseline:
    path = tmp_path / "base.json"
    rows = [asdict(one) for one in run()]
    path.write_text(json.dumps({"made": MADE, "rows": rows}), encoding="utf-8")
    return gate.load(path)


def worse(rows: list[Row], base: gate.Baseline, made: dict[str, float] = MADE) -> list[str]:
    return [target.name for target in gate.checks(rows, made, base) if not target.met]


def test_the_same_run_is_not_worse(base: gate.Baseline) -> None:
    assert worse(run(), base) == []
    assert len(gate.checks(run(), MADE, base)) == 6, "all of it is judged"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"error": 0.19}, "CER or WER"),
        ({"yaal": 3.7}, "LongYAAL, aware, s"),
        ({"compute": 0.9}, "compute over the reference"),
        (
            {"findings": replace(FOUND, bleu=Interval(8.0, 10.0, 12.0))},
            "BLEU, upper end of its interval",
        ),
        ({"findings": replace(FOUND, chrf=None)}, "chrF, upper end of its interval"),
    ],
)
def test_what_is_worse_is_named(base: gate.Baseline, change: dict[str, object], name: str) -> None:
    assert worse(run(**change), base) == [name]


@pytest.mark.parametrize(
    "change",
    [
        {"error": 0.18},
        {"yaal": 3.6},
        {"compute": 0.8},
        {"findings": replace(FOUND, bleu=Interval(9.0, 11.0, 13.0))},
    ],
)
def test_what_chance_may_do_passes(base: gate.Baseline, change: dict[str, object]) -> None:
    assert worse(run(**change), base) == []


def test_a_machine_half_as_fast_is_not_worse(base: gate.Baseline) -> None:
    assert worse(run(compute=1.4), base, {"reference_s": 0.2}) == []
    assert worse(run(compute=1.4), base) == ["compute over the reference"]


def test_other_recordings_cannot_be_compared(base: gate.Baseline) -> None:
    rows = run()
    with pytest.raises(gate.BaselineError, match="of zh-a; this run of zh-b"):
        gate.checks([replace(rows[0], name="zh-b"), rows[1]], MADE, base)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [1], "made": {}}'])
def test_what_is_no_result_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "base.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(gate.BaselineError, match=r"base\.json is no result"):
        gate.load(path)


def test_the_committed_result_can_be_compared_with() -> None:
    folder = Path(gate.__file__).parent / "results"
    found = gate.load(folder / "zh2en-embedded.json")
    assert found.bleu is not None
    assert found.compute is not None
    assert len(found.recordings) == 4


def test_the_workload_takes_time() -> None:
    assert 0 < gate.reference_s() < 60
