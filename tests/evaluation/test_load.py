"""A load test climbs until the server is behind, and says what it held."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from evaluation import load
from evaluation.serving import Served
from evaluation.stream import Stream, main, stream
from tests.fakes import FakeBackend, FakePlan
from tests.server.live import live
from tongchuan import cli

DATA = Path(__file__).resolve().parent.parent / "data"
NOTE = DATA / "zh-short.json"


def level(streams: int, p95: float | None, refused: int = 0, failed: int = 0) -> load.Level:
    return load.Level(streams, p95, p95, p95, 0.0, 9, refused, failed, (), 0.1, 1.0)


@pytest.mark.parametrize(
    ("levels", "held"),
    [
        ([], 0),
        ([level(1, 2.0), level(2, 4.9), level(3, 5.1)], 2),
        ([level(1, 6.0), level(2, 1.0)], 0),
        ([level(1, 1.0), level(2, 1.0, refused=1)], 1),
        ([level(1, 1.0), level(2, 1.0, failed=1)], 1),
        ([level(1, None)], 0),
    ],
)
def test_capacity_is_what_was_held_all_the_way(levels: list[load.Level], held: int) -> None:
    assert load.capacity(levels, 5.0) == held


async def climbed(
    monkeypatch: pytest.MonkeyPatch, streams: dict[int, list[Stream]], most: int
) -> list[load.Level]:
    """With clients that report `streams[number of clients]`."""
    started: list[float] = []

    async def client(_url: str, _note: Path, _seconds: float, wait_s: float) -> Stream:
        started.append(wait_s)
        await asyncio.sleep(0)
        return batch.pop()

    batch: list[Stream] = []

    async def one(plan: load.Plan, served: Served, count: int) -> load.Level:
        batch[:] = streams[count]
        started.clear()
        result = await real_level(plan, served, count)
        assert started == [n * plan.stagger_s for n in range(count)]
        return result

    real_level = load._level
    monkeypatch.setattr(load, "_client", client)
    monkeypatch.setattr(load, "_level", one)
    plan = load.Plan([NOTE], 10.0, most, 1.5, 5.0)
    told: list[load.Level] = []
    levels = await load.climb(plan, Served("ws://127.0.0.1:9"), told.append)
    assert told == levels
    return levels


async def test_it_stops_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    good, late = Stream((1.0, 2.0, 1.0)), Stream((1.0, 9.0, 9.0))
    levels = await climbed(monkeypatch, {1: [good], 2: [good, good], 3: [good, late, late]}, 9)
    assert [one.streams for one in levels] == [1, 2, 3]
    assert [one.lag_p95 for one in levels] == [2.0, 2.0, 9.0]
    assert levels[1].chunks == 6
    assert levels[0].compute is None, "a server that does not tell is measured all the same"


async def test_it_goes_no_further_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Stream((1.0,))
    levels = await climbed(monkeypatch, {1: [good], 2: [good, good]}, 2)
    assert [one.streams for one in levels] == [1, 2]


async def test_refusals_and_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [Stream(refused=True), Stream(error="gone"), Stream((1.0,), error="gone")]
    levels = await climbed(monkeypatch, {1: [Stream((1.0,))], 2: [Stream((1.0,))] * 2, 3: bad}, 9)
    assert (levels[2].refused, levels[2].failed, levels[2].errors) == (1, 2, ("gone",))


async def test_a_client_says_what_came_of_it() -> None:
    async with live(FakeBackend(FakePlan(chunk_ms=400))) as server:
        url = f"ws://127.0.0.1:{server.port}"
        found = await stream(url, NOTE, 60.0)
    assert len(found.lags_s) > 2
    assert (found.refused, found.error) == (False, None)


async def test_a_full_server_is_a_refusal_and_none_is_an_error() -> None:
    async with live(FakeBackend(), max_sessions=1) as server, server.started():
        full = await stream(f"ws://127.0.0.1:{server.port}", NOTE, 60.0)
    assert full == Stream(refused=True)
    gone = await stream("ws://127.0.0.1:9", NOTE, 60.0)
    assert gone.error is not None
    assert "127.0.0.1:9" in gone.error


def test_a_client_prints_json_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ws://127.0.0.1:9", "no.json", "5"]) == 0
    assert "no.json" in json.loads(capsys.readouterr().out)["error"]


async def test_a_client_process_that_dies_is_a_failed_stream(tmp_path: Path) -> None:
    found = await load._client("ws://127.0.0.1:9", tmp_path / "no.json", 1.0, 0.0)
    assert found.error is not None
    assert "no.json" in found.error


async def test_the_command_measures_a_running_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "load.json"
    async with live(FakeBackend(FakePlan(chunk_ms=400)), max_sessions=1) as server:
        arguments = ["load", str(DATA), "--only", "zh-short", "--most", "2", "--stagger", "0.1"]
        arguments += ["--url", f"ws://127.0.0.1:{server.port}", "--out", str(out)]
        code = await asyncio.to_thread(cli.main, arguments)
    assert code == 0
    body = json.loads(out.read_text(encoding="utf-8"))
    assert body["capacity"] == 1
    assert [row["refused"] for row in body["levels"]] == [0, 1]
    assert "capacity at a lag of 5 s: 1 streams" in capsys.readouterr().out


def test_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["load", str(tmp_path / "none")]) == 1
    assert "none" in capsys.readouterr().err
