"""Sessions that name glossaries: their terms, changes while they run, what cannot be had."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from models.events import Term
from server.wire import CODES
from tests.fakes import tone
from tests.server.desks import ENTRIES, Desk, desk
from tests.server.live import Talk, check_error, eventually

TARGETS = ["Maguire", "simultaneous interpretation", "graphics processing unit"]


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as running:
        yield running


def terms(rest: Desk, session: int = -1) -> list[Term]:
    """What a session's glossaries hold now; those of the newest session if not said."""
    lent = rest.server.backend.specs[session].glossaries
    assert lent is not None
    return [term for index in lent.indexes() for term in index.terms]


def found(rest: Desk, session: int = -1) -> list[str]:
    """Its targets."""
    return [term.target for term in terms(rest, session)]


async def ended(talk: Talk) -> None:
    await talk.send({"type": "session.end"})
    assert await talk.rest() == 1000


async def test_a_session_gets_the_entries_of_its_glossaries(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    async with rest.server.started(glossaries=["names"]) as talk:
        assert found(rest) == TARGETS
        assert terms(rest)[0] == Term("马奎尔", "Maguire", "the footballer", ("马亏尔",))
        await ended(talk)
        assert talk.of("error") == []


async def test_changes_reach_sessions_that_run(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    async with rest.server.started(glossaries=["names"]) as talk:
        changed = {"entries": [{"source": "马奎尔", "target": "McGuire"}]}
        await rest.ask("PUT", "/names/entries", json=changed, headers={"If-Match": "*"})
        await eventually(lambda: found(rest) == ["McGuire"])
        await ended(talk)


async def test_a_deleted_glossary_stays_with_the_sessions_that_have_it(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    async with rest.server.started(glossaries=["names"]) as talk:
        await rest.ask("DELETE", "/names")
        notice = await talk.until("notice", code="glossary_deleted")
        assert "names" in notice["message"]
        assert found(rest) == TARGETS
        async with rest.server.started(glossaries=["names"]) as later:
            await later.until("error", code="unknown_glossary")
        await rest.made("names", {"source": "马奎尔", "target": "again"})
        await eventually(lambda: found(rest, session=0) == ["again"])
        await rest.ask("DELETE", "/names")
        await talk.until("notice", code="glossary_deleted")
        await talk.send(tone(0.2))
        await ended(talk)
        assert talk.of("chunk.final")


async def test_names_that_are_not_there_are_told_one_by_one(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    async with rest.server.started(glossaries=["nobody", "names", "a/b"]) as talk:
        await talk.until("error")
        check_error(talk, "unknown_glossary", "glossaries[0]", ("nobody", "terms"), fatal=False)
        await talk.until("error")
        check_error(talk, "unknown_glossary", "glossaries[2]", ("a/b",), fatal=False)
        assert found(rest) == TARGETS
        await ended(talk)


async def test_glossaries_of_other_languages_are_told(rest: Desk) -> None:
    await rest.ask("POST", json={"name": "fr", "source_language": "fr", "target_language": "de-AT"})
    async with rest.server.started(glossaries=["fr"]) as talk:
        await talk.until("error")
        check_error(talk, "glossary_unusable", "glossaries[0]", ("fr", "en"), fatal=False)
        assert found(rest) == []
        await ended(talk)


async def test_the_other_direction_is_turned_round(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    async with rest.server.started(glossaries=["names"], source="en", target="zh") as talk:
        assert terms(rest)[0] == Term("Maguire", "马奎尔", "the footballer")
        assert found(rest) == [entry["source"] for entry in ENTRIES]
        await ended(talk)


async def test_a_session_survives_a_database_that_is_away(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    away = rest.database.with_name("away.db")
    async with rest.server.started(glossaries=["names"]) as talk:
        rest.database.rename(away)
        async with rest.server.started(glossaries=["names", "others"]) as other:
            await other.until("error")
            check_error(other, "glossary_unusable", "glossaries[0]", ("names",), fatal=False)
            await other.until("error")
            assert found(rest, session=0) == TARGETS
            away.rename(rest.database)
            more = {"entries": [{"source": "和", "target": "and"}]}
            await rest.ask("POST", "/names/entries", json=more)
            await eventually(lambda: "and" in found(rest, session=0))
            await eventually(lambda: "and" in found(rest, session=1))
            await ended(other)
        await ended(talk)


async def test_a_session_without_glossaries_asks_for_none(rest: Desk) -> None:
    async with rest.server.started() as talk:
        assert rest.server.backend.specs[-1].glossaries is None
        await ended(talk)


def test_every_code_is_described() -> None:
    assert {"unknown_glossary", "glossary_unusable"} <= set(CODES)
