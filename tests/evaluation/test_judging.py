"""Systems before a fake judge and a fake COMET: who gets which figure."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from evaluation import judgement
from evaluation.bootstrap import Interval
from evaluation.judgement import Judgement
from evaluation.judging import Judged, Plan, judged
from evaluation.log import SessionLog
from evaluation.measured import Measured, measured
from evaluation.recordings import Recording
from evaluation.runs import Outcome, Run
from evaluation.systems import System
from evaluation.vip.judge import JudgeConfig
from evaluation.vip.scores import NAME
from models.config import profile_config
from models.errors import TongchuanError
from tests.evaluation.rows import row
from tests.evaluation.sessions import recording
from tests.evaluation.vip.judges import MODELS, asked, by, fair, material
from tests.evaluation.vip.logs import said
from tests.models.engines.endpoint_server import answer, served

SCRIPT = """#!{python}
import json, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
texts = [open(options[name]).read().split("\\n")[:-1] for name in ("-s", "-t", "-r")]
rows = [{{"src": s, "mt": t, "ref": r, "COMET": float(t == r)}} for s, t, r in zip(*texts)]
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([row["src"] for row in rows]) + "\\n")
json.dump({{options["-t"]: rows}}, open("scores.json", "w"))
"""
FIRST = recording((0.0, 2.0, "甲", "we meet Anna"), (2.0, 4.0, "", "at the Bridge"))
SECOND = replace(
    recording((0.0, 2.0, "丙", "ask Bob"), (2.0, 4.0, "丁", "then go")), id="zh-second"
)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where each call of `tmp_path / "comet-score"` notes its sources, a line a call."""
    noted, script = tmp_path / "calls", tmp_path / "comet-score"
    script.write_text(SCRIPT.format(python=sys.executable, calls=str(noted)))
    script.chmod(0o755)
    return noted


def noted(calls: Path) -> list[list[str]]:
    """The sources of each call."""
    return [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]


def system(name: str, *runs: tuple[Recording, list[SessionLog]]) -> Measured:
    cost = row().cost
    assert cost is not None
    done = [
        Run(talk, [replace(log, recording=talk.id) for log in logs], cost) for talk, logs in runs
    ]
    return measured(System(name, profile_config("embedded")), Outcome(done, []), {})


def two() -> list[Measured]:
    """The second says the bridge wrong, and lacks a recording."""
    good = said("we meet Anna", "at the Bridge")
    return [
        system("a", (FIRST, [good, said()]), (SECOND, [said("ask Bob", "then go")])),
        system("b", (FIRST, [said("we meet Anna", "at the ridge")])),
        system("failed"),
    ]


async def judge(plan: Plan, out: Path) -> Judged:
    return await asyncio.to_thread(judged, two(), plan, out, Console(quiet=True))


async def test_every_row_has_its_figures(tmp_path: Path, calls: Path) -> None:
    async with served(models=[MODELS]) as server:
        server.replies["chat/completions"] = [by(server, fair)]
        config = JudgeConfig(server.url, "judge", SecretStr("k"))
        plan = Plan(config, str(tmp_path / "comet-score"), "a/model")
        await asyncio.to_thread(plan.check)
        found = await judge(plan, tmp_path / "out" / "bench.json")
    assert not found.problems
    assert found.rows.keys() == {"a", "b"}
    first, second, whole = found.rows["a"]
    assert whole.vip is not None
    assert (whole.vip.valid, whole.vip.fragments, whole.judge) == (4, 4, "judge")
    assert (first.vip and first.vip.fragments, second.vip and second.vip.fragments) == (2, 2)
    assert whole.comet == Interval(1.0, 1.0, 1.0)
    assert whole.comet_model == "a/model"
    alone, everything = found.rows["b"]
    assert alone == everything
    assert alone.vip is not None
    assert (alone.vip.valid, alone.vip.fragments) == (1, 2)
    assert alone.comet == Interval(1.0, 1.0, 1.0), "the bridge has no source"
    assert noted(calls) == [["甲", "丙", "丁", "甲"]], "one call for all"
    body = json.loads((tmp_path / "out" / "bench-vip.json").read_text(encoding="utf-8"))
    assert body["systems"]["a"]["vip"] == 1
    assert (tmp_path / "out" / "bench-vip.jsonl").exists()
    assert {material(one)["reference"] for one in asked(server)} == {
        "we meet Anna", "at the Bridge", "ask Bob", "then go",
    }  # fmt: skip
    lines = dict(judgement.lines([whole, everything, None]))
    assert lines["COMET, a/model"] == ["1.000", "1.000", "-"]
    assert lines[f"{NAME}, judge"] == ["1.000", "0.500", "-"]
    assert lines[f"  95 % interval of {NAME}"] == ["1.000 to 1.000", "0.000 to 1.000", "-"]
    assert lines["  fragments that fail key_information"] == ["0 of 4", "1 of 2", "-"]
    assert lines["  share of fragments unjudged"] == ["0.000", "0.000", "-"]
    assert judgement.told(everything) == (
        "COMET, a/model: 1.000 (1.000 to 1.000); "
        f"{NAME}, judge: 0.500 (0.000 to 1.000); unjudged: 0.000"
    )


async def test_one_that_fails_does_not_take_the_other_along(tmp_path: Path, calls: Path) -> None:
    async with served(models=[MODELS], chat=[answer(403, {"error": "no credit"})]) as server:
        config = JudgeConfig(server.url, "judge")
        plan = Plan(config, str(tmp_path / "comet-score"), "a/model")
        found = await judge(plan, tmp_path / "bench.json")
    (problem,) = found.problems
    assert "no credit" in problem
    *_, whole = found.rows["a"]
    assert (whole.vip, whole.judge, whole.comet) == (None, None, Interval(1.0, 1.0, 1.0))
    assert len(noted(calls)) == 1
    assert [name for name, _ in judgement.lines([whole])] == [
        "COMET, a/model",
        "  95 % interval of COMET",
    ]


async def test_what_is_missing_is_told_beforehand(tmp_path: Path) -> None:
    with pytest.raises(TongchuanError, match="there is no command"):
        Plan(None, str(tmp_path / "none"), "m").check()
    async with served(models=[answer(200, {"data": [{"id": "other"}]})]) as server:
        plan = Plan(JudgeConfig(server.url, "judge"), None, "m")
        with pytest.raises(TongchuanError, match="no model 'judge'"):
            await asyncio.to_thread(plan.check)


def test_nobody_was_asked() -> None:
    assert judgement.lines([None, Judgement()]) == []
    assert judgement.told(Judgement()) == judgement.told(None) == ""
