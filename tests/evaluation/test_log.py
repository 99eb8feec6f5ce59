"""A log survives its file, and a file that is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.log import LogError, Received, SessionLog, load
from tests.evaluation.sessions import delta, final, log, partial, preview
from tongchuan.events import LagSummary, SessionEnded, UnknownEvent


def test_a_log_survives_its_file(tmp_path: Path) -> None:
    seen = log(
        (0.5, partial("你", 400)),
        (0.75, preview("You")),
        (1.0, delta(1, "Hi")),
        (1.25, final(1, "你好", "Hi", 900, lag_ms=350)),
        (2.0, SessionEnded(9, 2000, 2000, 1, LagSummary(350, 350))),
    )
    seen.save(tmp_path / "log.json")
    assert load(tmp_path / "log.json") == seen


def test_events_of_newer_servers_are_kept(tmp_path: Path) -> None:
    event = UnknownEvent(1, 2, "news", {"type": "news", "seq": 1, "at_ms": 2, "x": [1]})
    SessionLog("zh-a", 1.0, 1.0, (Received(0.5, 480, event),)).save(tmp_path / "log.json")
    (item,) = load(tmp_path / "log.json").received
    assert isinstance(item.event, UnknownEvent)
    assert dict(item.event.fields) == dict(event.fields)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"recording": "a", "duration_s": 1, "speed": 1, "received": [{"at_s": 1}]}'],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LogError, match=r"log\.json"):
        load(path)
