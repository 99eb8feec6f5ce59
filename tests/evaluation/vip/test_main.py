"""Saved logs, judged from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from evaluation.vip import __main__ as command
from evaluation.vip.judge import KEY_VARIABLE
from evaluation.vip.scores import NAME
from tests.evaluation.vip.judges import KEY, asked, by, fair, material
from tests.evaluation.vip.logs import said
from tests.models.engines.endpoint_server import Server, answer, served

SEGMENTS = ((0.0, 2.0, "甲", "we meet Anna"), (2.0, 4.0, "乙", "at the Bridge"))
MODELS = answer(200, {"data": [{"id": "judge"}]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With `recordings`, and `logs` of two systems: the second misses the bridge."""
    (tmp_path / "recordings").mkdir()
    segments = [dict(zip(("start", "end", "source", "target"), s, strict=True)) for s in SEGMENTS]
    note = {"id": "zh-made", "duration": 4.0, "segments": segments}
    (tmp_path / "recordings" / "zh-made.json").write_text(json.dumps(note), encoding="utf-8")
    (tmp_path / "recordings" / "zh-made.flac").touch()
    for name, second in (("semantic", "at the Bridge"), ("wait-k", "at the river")):
        place = tmp_path / "logs" / name
        place.mkdir(parents=True)
        said("we meet Anna", second).save(place / "zh-made.1.json")
        said("another session").save(place / "zh-made.2.json")
        (place / "zh-made.offline.json").write_text("{}", encoding="utf-8")
    return tmp_path


async def judge(folder: Path, server: Server, *more: str) -> int:
    arguments = [*(str(path) for path in sorted((folder / "logs").iterdir())), *more]
    arguments += ["--recordings", str(folder / "recordings"), "--out", str(folder / "o" / "v.json")]
    arguments += ["--judge", server.url, "--judge-model", "judge"]
    return await asyncio.to_thread(command.main, arguments)


async def test_runs_are_judged(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    async with served(models=[MODELS]) as server:
        server.replies["chat/completions"] = [by(server, fair)]
        assert await judge(folder, server) == 0
    shown = capsys.readouterr().out
    assert NAME in shown
    assert "judged by judge" in shown
    assert all(f"bearer {KEY}" in head.lower() for head in server.headers)
    texts = {(one["before"], one["translation"]) for one in map(material, asked(server))}
    assert ("we meet Anna", "at the river") in texts
    assert not any("another" in translation for _, translation in texts)
    body = json.loads((folder / "o" / "v.json").read_text(encoding="utf-8"))
    assert {name: row["vip"] for name, row in body["systems"].items()} == {
        "semantic": 1.0,
        "wait-k": 0.5,
    }
    written = (folder / "o" / "v.jsonl").read_text(encoding="utf-8")
    assert len(written.splitlines()) == 2 + 4
    assert KEY not in written + shown + json.dumps(body)


async def test_verdicts_are_kept_when_the_judge_dies(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served(models=[MODELS]) as server:
        good = by(server, fair)
        server.replies["chat/completions"] = [good, good, answer(403, {"error": "no credit"})]
        assert await judge(folder, server, "--parallel", "1") == 1
    assert "no credit" in capsys.readouterr().err
    lines = (folder / "o" / "v.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["segment", "verdict", "verdict"]
    assert not (folder / "o" / "v.json").exists()


async def test_only_what_was_streamed_is_judged(folder: Path) -> None:
    """The first 2.5 s hold one segment."""
    for path in (folder / "logs").glob("*/zh-made.1.json"):
        said("we meet Anna", duration_s=2.0).save(path)
    async with served(models=[MODELS]) as server:
        server.replies["chat/completions"] = [by(server, fair)]
        assert await judge(folder, server) == 0
    assert [material(body)["reference"] for body in asked(server)] == ["we meet Anna"]


async def test_what_does_not_fit_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(models=[MODELS]) as server:
        said("much", duration_s=9.0).save(folder / "logs" / "semantic" / "zh-made.1.json")
        assert await judge(folder, server) == 1
        assert "give --degrade" in capsys.readouterr().err
        note = folder / "recordings" / "zh-made.json"
        note.write_text(note.read_text().replace("zh-made", "zh-other"), encoding="utf-8")
        assert await judge(folder, server) == 1
        assert "a log of 'zh-made', which is none" in capsys.readouterr().err
        (folder / "logs" / "empty").mkdir()
        assert await judge(folder, server) == 1
        assert "empty holds no logs" in capsys.readouterr().err
    assert not asked(server)
