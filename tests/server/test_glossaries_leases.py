"""What a session holds of the shelf, from its start to whichever end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from models.errors import EngineError
from server.glossary import shelf
from tests.fakes import FakePlan, tone
from tests.server.desks import ENTRIES, Desk, desk
from tests.server.live import PATIENCE_S, START, Talk, eventually
from tests.server.test_glossaries_shelf import Building
from tests.server.test_talks import check_order

NAMING = {**START, "glossaries": ["names"]}


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Desk]:
    """A server with one glossary, `names`."""
    async with desk(tmp_path) as running:
        await running.made("names", *ENTRIES)
        yield running


@pytest.fixture
def slow(rest: Desk, monkeypatch: pytest.MonkeyPatch) -> Building:
    """The server's glossaries take until its gate is set; sessions wait for them that long."""
    build = Building()
    build.gate.clear()
    monkeypatch.setattr(rest.server.hub.shelf, "_build", build)
    monkeypatch.setattr(shelf, "_FIRST_READ_S", PATIENCE_S)
    return build


def held(rest: Desk) -> float:
    return rest.server.metric("tongchuan_glossaries_in_use")


async def given_back(rest: Desk) -> None:
    await eventually(lambda: not held(rest))
    await rest.server.empty()


async def _end(talk: Talk) -> None:
    await talk.send({"type": "session.end"})
    assert await talk.rest() == 1000


async def _leave(talk: Talk) -> None:
    await talk.socket.close()


async def _vanish(talk: Talk) -> None:
    talk.socket.transport.abort()


async def _break_the_contract(talk: Talk) -> None:
    await talk.send(START)
    assert await talk.rest() == 4400


async def _have_the_engine_fail(talk: Talk) -> None:
    await talk.send(tone(0.5))
    assert await talk.rest() == 1011


ENDS = (_end, _leave, _vanish, _break_the_contract, _have_the_engine_fail)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_given_back_at_every_end(rest: Desk, end: Callable[[Talk], Awaitable[None]]) -> None:
    if end is _have_the_engine_fail:
        rest.server.backend.plan = FakePlan(fail_at=1)
    async with rest.server.started(glossaries=["names"]) as talk:
        assert held(rest) == 1
        await end(talk)
        await given_back(rest)


async def test_given_back_when_no_interpreter_opens(rest: Desk) -> None:
    rest.server.backend.open_error = EngineError("not today")
    async with rest.server.talk() as talk:
        await talk.send(NAMING)
        assert await talk.rest() == 1011
        await given_back(rest)


async def test_a_client_that_leaves_while_glossaries_are_fetched(
    rest: Desk, slow: Building
) -> None:
    async with rest.server.talk() as talk:
        await talk.send(NAMING)
        await eventually(lambda: slow.built and held(rest))
    await given_back(rest)
    assert rest.server.backend.specs == []
    slow.gate.set()


async def test_a_server_that_stops_while_glossaries_are_fetched(rest: Desk, slow: Building) -> None:
    async with rest.server.talk() as talk:
        await talk.send(NAMING)
        await eventually(lambda: slow.built)
        rest.server.server.should_exit = True
        assert await talk.rest() == 1012
        assert talk.last_error()["code"] == "draining"
        slow.gate.set()


async def test_what_comes_while_glossaries_are_fetched_is_heard(rest: Desk, slow: Building) -> None:
    async with rest.server.talk() as talk:
        await talk.send(NAMING, tone(0.5), tone(0.1), {"type": "session.end"})
        await eventually(lambda: slow.built)
        slow.gate.set()
        assert await talk.rest() == 1000
    check_order(talk.events)
    assert talk.events[0]["type"] == "session.started"
    assert talk.events[-1]["audio_ms"] == 600


async def test_a_client_without_a_slot_fetches_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, max_sessions=1) as rest, rest.server.started():
        await rest.made("names", *ENTRIES)
        async with rest.server.talk() as late:
            await late.send(NAMING)
            assert await late.rest() == 1013
        assert held(rest) == 0


async def test_every_session_is_told_of_a_deletion_once(rest: Desk) -> None:
    server = rest.server
    async with (
        server.started(glossaries=["names"]) as one,
        server.started(glossaries=["names"], source="en", target="zh") as other,
    ):
        await rest.ask("DELETE", "/names")
        for talk in (one, other):
            await talk.until("notice", code="glossary_deleted")
            await _end(talk)
            assert len(talk.of("notice")) == 1


async def test_operators_see_what_is_held_and_what_fails(rest: Desk) -> None:
    server = rest.server
    async with server.started(glossaries=["names"]) as talk:
        assert server.metric("tongchuan_glossary_terms") == len(ENTRIES)
        assert server.metric("tongchuan_glossary_read_seconds_count") == 1
        assert server.metric("tongchuan_glossary_failures_total", stage="look") == 0
        away = rest.database.with_name("away.db")
        rest.database.rename(away)
        await eventually(lambda: server.metric("tongchuan_glossary_failures_total", stage="look"))
        assert (await rest.ask("GET")).status_code == 503
        away.rename(rest.database)
        assert (await rest.ask("GET")).status_code == 200
        assert server.metric("tongchuan_glossary_requests_total", code="503") == 1
        assert server.metric("tongchuan_glossary_requests_total", code="201") == 1
        await _end(talk)
    assert server.metric("tongchuan_glossary_terms") == len(ENTRIES)  # kept for the next


async def test_a_database_that_hangs_holds_up_no_session_for_long(
    rest: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_names: object) -> dict[str, int]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(shelf, "_LOOK_UP_S", 0.05)
    monkeypatch.setattr(rest.server.hub.shelf._store, "versions", hang)
    async with rest.server.started(glossaries=["names"]) as talk:
        error = await talk.until("error")
        assert (error["code"], error["fatal"]) == ("glossary_unusable", False)
        await talk.send(tone(0.5))
        await talk.until("chunk.final")
        await _end(talk)
