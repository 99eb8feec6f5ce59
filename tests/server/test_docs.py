"""What docs/ says of the server is what the server does."""

from __future__ import annotations

import json
import re

import pytest

from server.config import Limits
from server.messages import Start, parse
from server.wire import CODES, CloseCode
from tests.fakes import tone
from tests.server.live import live
from tests.server.reference import DOCS, TABLES, current


@pytest.mark.parametrize("page", TABLES)
async def test_tables_are_up_to_date(page: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == current(page), "run: python -m tests.server.reference"


def protocol() -> str:
    return (DOCS / "protocol.md").read_text(encoding="utf-8")


def test_every_close_code_is_described() -> None:
    text = protocol()
    for code in CloseCode:
        assert f"| {int(code)} |" in text


def test_alerts_name_series_that_exist() -> None:
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    table, _, alerts = operations.partition("### Alerts")
    known = set(re.findall(r"`(tongchuan_\w+)`", table))
    used = {name.removesuffix("_bucket") for name in re.findall(r"\btongchuan_\w+", alerts)}
    assert used
    assert used <= known


def test_the_example_start_is_accepted() -> None:
    example = re.search(r"```json\n(\{\n.*?\n\})\n```", protocol(), re.DOTALL)
    assert example
    message = parse(example[1], Limits())
    assert isinstance(message, Start)
    assert message.spec.terms[0].source == "同传"


async def test_the_example_events_have_the_fields_that_are_sent() -> None:
    blocks = re.findall(r"```json\n(.*?)\n```", protocol(), re.DOTALL)
    lines = [line for block in blocks for line in block.split("\n")]
    shown = {
        event["type"]: event
        for event in (json.loads(line) for line in lines if line.startswith('{"'))
    }
    async with live() as server, server.started() as talk:
        await talk.send(tone(0.5), {"type": "flush"}, {"type": "session.end"})
        assert await talk.rest() == 1000
    compared = set()
    for event in talk.events:
        if event["type"] in shown:
            compared.add(event["type"])
            assert list(event) == list(shown[event["type"]])
    assert compared == set(shown) - {"audio.ack"}
    assert talk.events[0]["limits"] == shown["session.started"]["limits"]
    assert shown["error"]["code"] in CODES
