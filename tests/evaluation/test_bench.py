"""The bench from its command line, against a server without models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluation import bench
from evaluation.engines import Engines
from evaluation.log import load
from evaluation.vip.scores import NAME
from models.config import ModelsConfig
from tests.evaluation.talks import save_talk
from tests.evaluation.vip.judges import MODELS, by, verdict
from tests.fakes import FakeBackend, FakePlan
from tests.models.engines.endpoint_server import answer, served
from tests.models.fakes_engines import FakeLLM, FakeWhisper, ears
from tests.server.live import live

DATA = Path(__file__).resolve().parent.parent / "data"


@pytest.fixture
def fake_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that need no weights, for a simulated clock."""

    @contextmanager
    def fakes(_config: ModelsConfig) -> Iterator[Engines]:
        yield Engines(ears(FakeWhisper()), FakeLLM())

    monkeypatch.setattr("evaluation.bench.open_engines", fakes)


async def test_a_bench_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, logs = tmp_path / "new" / "bench.json", tmp_path / "logs"
    async with live(FakeBackend(FakePlan(chunk_ms=1000))) as server:
        arguments = [str(DATA), "--only", "zh-short", "--no-offline", "--speed", "8"]
        arguments += ["--streams", "2", "--out", str(out), "--logs", str(logs)]
        url = f"ws://127.0.0.1:{server.port}"
        code = await asyncio.to_thread(bench.main, [*arguments, "--url", url])
    assert code == 0
    assert "zh-short" in capsys.readouterr().out
    body = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in body["rows"]] == ["zh-short", "all"]
    assert body["rows"][1]["streamed"]["chunks"] > 0
    assert body["rows"][1]["cost"]["stages"]["translate"] > 0
    assert body["made"]["arguments"]["streams"] == 2
    assert load(logs / "zh-short.2.json").recording == "zh-short"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/such/folder"], "no folder"),
        ([str(DATA), "--only", ""], "--only zh or --only en"),
        ([str(DATA), "--only", "fr"], "there are: "),
        ([str(DATA), "--only", "zh-short", "--url", "ws://127.0.0.1:9"], "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_measured_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert bench.main([*arguments, "--no-offline", "--out", str(tmp_path / "b.json")]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("fake_engines")
def test_a_simulated_clock_gives_the_same_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, logs = tmp_path / "bench.json", tmp_path / "logs"
    arguments = [str(DATA), "--only", "zh-talk", "--seconds", "12", "--no-offline", "--terms"]
    page, export = tmp_path / "new" / "report.html", tmp_path / "export"
    arguments += ["--virtual", "free", "--out", str(out), "--logs", str(logs)]
    arguments += ["--html", str(page), "--export", str(export)]
    assert bench.main(arguments) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "simulated clock, compute free" in told
    assert "LongYAAL" in told
    body = json.loads(out.read_text(encoding="utf-8"))
    assert body["made"]["arguments"]["virtual"] == "free"
    assert "Free" in body["made"]["charge"]
    assert [row["name"] for row in body["rows"]] == ["zh-talk", "all"]
    assert body["rows"][0]["streamed"]["duration_s"] <= 12
    assert body["rows"][1]["cost"]["stages"]["encode"] > 0
    assert body["rows"][1]["cost"]["others"] >= 0
    assert load(logs / "zh-talk.1.json").duration_s <= 12
    assert "zh-talk" in page.read_text(encoding="utf-8")
    (instance,) = (export / "1" / "instances.log").read_text(encoding="utf-8").splitlines()
    assert json.loads(instance)["source_length"] <= 12_000
    assert (export / "1" / "metrics.jsonl").exists()


@pytest.mark.usefixtures("fake_engines")
def test_a_run_that_is_worse_than_an_earlier_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    arguments = [str(DATA), "--only", "zh-talk", "--seconds", "12", "--no-offline"]
    arguments += ["--virtual", "free", "--out", str(out)]
    assert bench.main(arguments) == 0
    body = json.loads(out.read_text(encoding="utf-8"))
    body["rows"][-1]["streamed"]["texts"]["by_segment"]["bleu"] = 99.0
    better = tmp_path / "better.json"
    better.write_text(json.dumps(body), encoding="utf-8")
    assert bench.main([*arguments, "--against", str(better)]) == 1
    assert "Against better.json" in capsys.readouterr().out
    assert bench.main([*arguments, "--against", str(tmp_path / "none.json")]) == 1
    assert "none.json is no result" in capsys.readouterr().err


@pytest.mark.usefixtures("fake_engines")
def test_systems_stand_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = tmp_path / "bench.json", tmp_path / "report.html"
    save_talk(tmp_path, "zh-fake")
    arguments = [str(tmp_path), "--no-offline", "--virtual", "free"]
    arguments += ["--systems", "semantic,pause", "--degrade", "speed=1.01"]
    assert bench.main([*arguments, "--out", str(out), "--html", str(page)]) == 0
    assert "speed=1.01" in capsys.readouterr().out
    body = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in body["rows"]] == ["semantic", "pause"]
    assert body["systems"][1]["settings"]["TONGCHUAN_POLICY__NAME"] == "pause"
    assert body["frontier"]
    assert [difference["name"] for difference in body["differences"]] == ["pause"]
    assert body["differences"][0]["bleu"]["p_value"] > 0
    assert 'id="s2-r1"' in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("fake_engines")
def test_a_sweep_goes_from_quick_to_patient(tmp_path: Path) -> None:
    out, page = tmp_path / "bench.json", tmp_path / "report.html"
    save_talk(tmp_path, "zh-fake")
    arguments = [str(tmp_path), "--no-offline", "--virtual", "free"]
    arguments += ["--systems", "wait-k", "--sweep"]
    assert bench.main([*arguments, "--out", str(out), "--html", str(page)]) == 0
    body = json.loads(out.read_text(encoding="utf-8"))
    assert [row["name"] for row in body["rows"]] == [f"wait-k k={k}" for k in (4, 8, 16, 24)]
    delays = [row["streamed"]["times"]["yaal_unaware"] for row in body["rows"]]
    assert delays[0] < delays[1], "who waits for more words is later"
    assert 'id="frontier"' in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("fake_engines")
async def test_a_judge_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench.json"
    save_talk(tmp_path, "zh-fake")
    arguments = [str(tmp_path), "--no-offline", "--virtual", "free", "--out", str(out)]
    several = ["--systems", "semantic,pause"]
    async with served(models=[MODELS]) as server:
        arguments += ["--judge", server.url, "--judge-model", "judge"]
        server.replies["chat/completions"] = [by(server, lambda _: verdict(expressive=False))]
        assert await asyncio.to_thread(bench.main, arguments) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert "2 of 2" in shown
        assert await asyncio.to_thread(bench.main, [*arguments, *several]) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert f"pause: {NAME}, judge: 0.000 (0.000 to 0.000); unjudged: 0.000" in told
        server.replies["chat/completions"] = [answer(403, {"error": "no credit"})]
        assert await asyncio.to_thread(bench.main, arguments) == 0, "the rest was measured"
        assert "no credit" in capsys.readouterr().out
        server.replies["models"] = [answer(404, {})]
        assert await asyncio.to_thread(bench.main, arguments) == 1
    assert NAME in shown
    assert "HTTP 404" in capsys.readouterr().err
    # of the last run that wrote
    body = json.loads(out.read_text(encoding="utf-8"))
    assert "no credit" in body["problems"][0]["message"]
    assert body["rows"][-1]["judgement"]["vip"] is None


@pytest.mark.parametrize(
    "option",
    [
        ["--streams", "0"],
        ["--speed", "nan"],
        ["--cores", "x"],
        ["--seconds", "0"],
        ["--virtual", "cheap"],
        ["--virtual", "free", "--streams", "2"],
        ["--virtual", "--url", "ws://127.0.0.1:9"],
        ["--systems", "direct"],
        ["--vary", "policy.k=2", "--url", "ws://127.0.0.1:9"],
        ["--sweep"],
        ["--judge", "http://127.0.0.1:9/v1"],
        ["--judge-model", "judge"],
        ["--sweep", "--virtual", "--vary", "policy.k=2"],
        ["--sweep", "--systems", "pause", "--url", "ws://127.0.0.1:9"],
    ],
)
def test_wrong_usage(option: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        bench.main(option)
    assert caught.value.code == 2
