"""The bench with the real weights: its own server, its own offline run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation import bench

DATA = Path(__file__).resolve().parent.parent / "data"


@pytest.mark.real
@pytest.mark.timeout(900)
def test_a_sentence_is_measured_from_end_to_end(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    assert bench.main([str(DATA), "--only", "zh-short", "--out", str(out)]) == 0
    (row, _) = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert row["streamed"]["texts"]["error"] <= 0.2
    assert row["offline"]["error"] <= 0.2
    assert row["streamed"]["chunks"] >= 1
    assert row["streamed"]["errors"] == []
    assert {"encode", "decode", "translate"} <= set(row["cost"]["stages"])
    assert row["cost"]["peak_mib"] > 500
