"""Logs, offline runs and figures, to disk and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.log import LogError
from evaluation.offline import Offline
from evaluation.saved import parser, run, save_figures, save_offline, saved
from tests.evaluation.sessions import delta, final, log
from tests.evaluation.talks import save_talk

OFFLINE = Offline("zh-talk", ("你好", "再见"), ("Hello", "Bye"), ("Hello", "Goodbye"))


def arguments(folder: Path, *more: str) -> list[str]:
    return [str(folder), str(folder / "logs"), "--only", "", *more]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    save_talk(tmp_path, "zh-talk")
    return tmp_path


def test_what_was_streamed_comes_back_with_its_offline_run(folder: Path) -> None:
    events = log((1.0, delta(1, "Hello")), (1.5, final(1, "你好", "Hello", 900)))
    events.save(folder / "logs" / "zh-talk.1.json")
    args = parser("").parse_args(arguments(folder))
    (one,) = saved(args)
    assert (one.recording.id, one.log, one.offline) == ("zh-talk", events, None)
    save_offline(OFFLINE, folder / "logs")
    (one,) = saved(args)
    assert one.offline == OFFLINE


def test_without_logs_it_says_which_folder_to_name(folder: Path) -> None:
    with pytest.raises(LogError, match=r"logs has no NAME\.1\.json.*--logs"):
        saved(parser("").parse_args(arguments(folder)))


@pytest.mark.parametrize("text", ["{", "[]", '{"recording": "zh-talk", "sources": []}'])
def test_a_broken_offline_run_is_named(folder: Path, text: str) -> None:
    log().save(folder / "logs" / "zh-talk.1.json")
    (folder / "logs" / "zh-talk.offline.json").write_text(text)
    with pytest.raises(LogError, match=r"zh-talk\.offline\.json is no saved offline run"):
        saved(parser("").parse_args(arguments(folder)))


def test_figures_are_saved_where_asked(folder: Path) -> None:
    save_figures(parser("").parse_args(arguments(folder)), {"BLEU": 1})
    out = folder / "out.json"
    save_figures(parser("").parse_args(arguments(folder, "--out", str(out))), {"什么": 1})
    text = out.read_text(encoding="utf-8")
    assert json.loads(text)["什么"] == 1
    assert json.loads(text)["arguments"] == {"only": "", "profile": "embedded"}
    assert str(folder) not in text


def test_what_goes_wrong_ends_the_program_with_its_message(folder: Path) -> None:
    async def work() -> None:
        saved(parser("").parse_args(arguments(folder)))

    with pytest.raises(SystemExit, match=r"logs has no"):
        run(work())
