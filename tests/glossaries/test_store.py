"""Glossaries kept: created, read, searched, changed, deleted, each at a version."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from glossaries import Entry, GlossaryStore, Languages, Problem, named_format
from glossaries.errors import (
    ContradictionError,
    EntryError,
    GlossaryChangedError,
    GlossaryExistsError,
    GlossaryLimitError,
    InvalidGlossaryError,
    TooManyGlossariesError,
    UnknownEntryError,
    UnknownGlossaryError,
)
from glossaries.rows import Conflicts, ImportRefusedError, Mode
from glossaries.store import LoadOptions
from tests.glossaries.making import TERMS, config, rows, written


async def test_a_glossary_from_beginning_to_end(store: GlossaryStore) -> None:
    made = await store.create("医学", Languages("en", "zh"))
    assert (made.name, made.languages, made.entries) == ("医学", Languages("en", "zh"), 0)
    assert [one.name for one in await store.glossaries()] == ["names", "医学"]
    report = await store.load("医学", rows(*TERMS))
    assert (report.added, report.duplicates, report.refused) == (3, 0, 0)
    assert report.glossary.version > made.version
    assert report.glossary == await store.glossary("医学")
    assert report.glossary.updated_at >= made.updated_at
    assert (await store.entries("医学")).entries == TERMS
    await store.delete("医学")
    assert [one.name for one in await store.glossaries()] == ["names"]
    with pytest.raises(UnknownGlossaryError, match="医学"):
        await store.glossary("医学")


async def test_names_are_unique_valid_and_limited(tmp_path: Path) -> None:
    store = GlossaryStore(config(tmp_path / "g.db", max_glossaries=2))
    await store.create("one")
    with pytest.raises(GlossaryExistsError, match="'one'"):
        await store.create(" one ")
    with pytest.raises(InvalidGlossaryError, match="'/'"):
        await store.create("a/b")
    await store.create("two")
    with pytest.raises(TooManyGlossariesError, match="2"):
        await store.create("three")
    await store.delete("one")
    await store.create("three")
    await store.close()


async def test_every_call_knows_no_other_names(store: GlossaryStore) -> None:
    form, file = named_format("csv"), io.BytesIO()
    for name in ("nobody", "a/b", "a\0b", ""):
        calls = (
            store.glossary(name),
            store.delete(name),
            store.page(name),
            store.entry(name, 1),
            store.entries(name),
            store.entries(name, 1),
            store.replace_entry(name, 1, TERMS[0]),
            store.remove(name, [1]),
            store.load(name, []),
            store.import_file(name, file, form),
            store.export(name, form, file),
        )
        for call in calls:
            with pytest.raises(UnknownGlossaryError):
                await call
    assert await store.versions(["nobody", "a/b", "a\0b", "names"]) == {"names": 1}
    assert await store.versions([]) == {}


async def test_pages_follow_each_other(store: GlossaryStore) -> None:
    given = [Entry(f"术语{i}", f"term {i}") for i in range(25)]
    await store.load("names", rows(*given))
    found, after, pages = [], 0, 0
    while True:
        page = await store.page("names", after=after, limit=10)
        assert page.total == 25
        found += [numbered.entry for numbered in page.entries]
        pages += 1
        if page.next is None:
            break
        after = page.next
    assert found == given
    assert pages == 3


async def test_search_in_source_and_target(store: GlossaryStore) -> None:
    given = (
        Entry("马奎尔", "Maguire"),
        Entry("ＧＰＵ卡", "GPU card", "Maguire's"),
        Entry("百分之百", "100%_\\ sure/"),
        Entry("straße", "STREET"),
    )
    await store.load("names", rows(*given))

    async def search(query: str) -> list[Entry]:
        page = await store.page("names", query)
        assert page.total == len(page.entries)
        return [numbered.entry for numbered in page.entries]

    assert await search("maguire") == [given[0]]  # not in notes
    assert await search("奎尔") == [given[0]]
    assert await search("gpu") == [given[1]]
    assert await search("ｇｐｕ卡") == [given[1]]
    assert await search("100%_") == [given[2]]
    assert await search("0_") == []
    assert await search("\\ sure/") == [given[2]]
    assert await search("STRASSE") == [given[3]]
    assert await search("maguireg") == []
    assert await search("  ") == list(given)
    with pytest.raises(EntryError, match="query holds"):
        await search("a\0")
    page = await store.page("names", "u", after=0, limit=1)
    assert (page.total, page.next) == (3, page.entries[0].id)


async def test_one_entry_is_replaced_or_deleted(store: GlossaryStore) -> None:
    await store.load("names", rows(*TERMS))
    first, second, third = (await store.page("names")).entries
    changed = Entry("马奎尔", "Harry Maguire")
    glossary = await store.replace_entry("names", first.id, changed)
    assert await store.entry("names", first.id) == (glossary, type(first)(first.id, changed))
    same = await store.replace_entry("names", first.id, changed)
    assert same.version == glossary.version
    with pytest.raises(ContradictionError, match=f"entry {third.id}"):
        await store.replace_entry("names", second.id, Entry("gpu", "x", domain="COMPUTING"))
    await store.replace_entry("names", third.id, Entry("gpu", "x", domain="COMPUTING"))
    glossary, count = await store.remove("names", [first.id, third.id, 999])
    assert (count, glossary.entries) == (2, 1)
    again, count = await store.remove("names", [first.id])
    assert (count, again.version) == (0, glossary.version)
    for number in (first.id, 999):
        with pytest.raises(UnknownEntryError, match=str(number)):
            await store.entry("names", number)
        with pytest.raises(UnknownEntryError):
            await store.replace_entry("names", number, changed)
    assert (await store.entries("names")).entries == (TERMS[1],)


async def test_entries_of_other_glossaries_are_out_of_reach(store: GlossaryStore) -> None:
    await store.create("other")
    await store.load("names", rows(*TERMS))
    await store.load("other", rows(*TERMS))
    number = (await store.page("names")).entries[0].id
    with pytest.raises(UnknownEntryError):
        await store.entry("other", number)
    assert (await store.remove("other", [number]))[1] == 0
    assert (await store.glossary("names")).entries == 3


async def test_changes_expect_a_version(store: GlossaryStore) -> None:
    before = await store.glossary("names")
    report = await store.load("names", rows(*TERMS), LoadOptions(expected=before.version))
    number = (await store.page("names")).entries[0].id
    stale = before.version
    for call in (
        store.load("names", rows(TERMS[0]), LoadOptions(replace=True, expected=stale)),
        store.replace_entry("names", number, TERMS[0], stale),
        store.remove("names", [number], stale),
        store.delete("names", stale),
    ):
        with pytest.raises(GlossaryChangedError) as caught:
            await call
        assert caught.value.version == report.glossary.version
    assert (await store.entries("names")).entries == TERMS


async def test_a_version_never_goes_back_under_one_name(store: GlossaryStore) -> None:
    for _ in range(3):
        await store.load("names", rows(*TERMS), LoadOptions(replace=True))
    version = (await store.glossary("names")).version
    await store.delete("names")
    assert (await store.create("names")).version > version


async def test_a_change_that_changes_nothing_makes_no_version(store: GlossaryStore) -> None:
    version = (await store.load("names", rows(*TERMS))).glossary.version
    again = await store.load("names", rows(*TERMS))
    assert (again.duplicates, again.glossary.version) == (3, version)
    assert (await store.load("names", [])).glossary.version == version


async def test_a_snapshot_is_read_once_and_stays_what_it_was(store: GlossaryStore) -> None:
    await store.load("names", rows(*TERMS))
    one, other = await asyncio.gather(store.entries("names"), store.entries("names"))
    assert one is other
    version = one.glossary.version
    assert await store.entries("names", version) is one
    await store.load("names", rows(Entry("新", "new")))
    assert await store.entries("names", version) is one
    newer = await store.entries("names")
    assert len(newer.entries) == 4
    with pytest.raises(GlossaryChangedError) as caught:
        await store.entries("names", version)  # no longer in memory
    assert caught.value.version == newer.glossary.version


async def test_two_stores_see_each_others_changes(store: GlossaryStore, database: Path) -> None:
    other = GlossaryStore(config(database))
    await other.load("names", rows(*TERMS))
    assert await store.versions(["names"]) == await other.versions(["names"])
    assert (await store.entries("names")).entries == TERMS
    await other.close()


async def test_many_writers_lose_nothing(store: GlossaryStore) -> None:
    given = [Entry(f"术语{i}", f"term {i}") for i in range(40)]
    reports = await asyncio.gather(*(store.load("names", rows(one)) for one in given[:8]))
    assert sorted(report.glossary.entries for report in reports) == list(range(1, 9))
    assert (await store.glossary("names")).version == 1 + 8


# Conflicts


async def load(store: GlossaryStore, *given: Entry, **options: object) -> tuple[int, ...]:
    chosen = {"mode": Mode.LENIENT, **options}
    report = await store.load("names", rows(*given), LoadOptions(**chosen))  # type: ignore[arg-type]
    return report.added, report.replaced, report.duplicates, report.refused


async def kept(store: GlossaryStore) -> list[Entry]:
    return list((await store.entries("names")).entries)


async def test_duplicates_are_left_out(store: GlossaryStore) -> None:
    first = Entry("GPU", "graphics card", "first")
    assert await load(store, first, Entry("ｇｐｕ", "graphics card", "second")) == (1, 0, 1, 0)
    assert await load(store, Entry("gpu", "graphics card")) == (0, 0, 1, 0)
    assert await kept(store) == [first]


async def test_the_first_of_two_contradicting_entries_stays(store: GlossaryStore) -> None:
    report = await store.load(
        "names",
        [*rows(Entry("马奎尔", "Maguire"), Entry("马奎尔", "McGuire")), Problem(1, "is odd")],
        LoadOptions(Mode.LENIENT),
    )
    assert report.refused == 2
    assert [problem.line for problem in report.problems] == [1, 2]
    for words in ("contradicts", "马奎尔", "'Maguire'", "'McGuire'"):
        assert words in str(report.problems[1])
    assert await kept(store) == [Entry("马奎尔", "Maguire")]


async def test_the_last_wins_when_rows_replace(store: GlossaryStore) -> None:
    await load(store, *TERMS)
    before = (await store.page("names")).entries
    changed = Entry("马奎尔", "Maguire", "another note", "sports")
    options = {"conflicts": Conflicts.REPLACE}
    assert await load(store, Entry("马奎尔", "x", domain="Sports"), changed, **options) == (
        0,
        2,
        0,
        0,
    )
    assert await load(store, changed, **options) == (0, 0, 1, 0)
    fresh = Entry("新", "new")
    assert await load(store, Entry("新", "old"), fresh, **options) == (1, 1, 0, 0)
    assert await kept(store) == [changed, *TERMS[1:], fresh]
    assert (await store.page("names")).entries[0].id == before[0].id


async def test_one_source_may_mean_other_things_in_other_domains(store: GlossaryStore) -> None:
    given = (Entry("细胞", "cell"), Entry("细胞", "cellule", domain="french"))
    assert await load(store, *given) == (2, 0, 0, 0)


async def test_a_strict_import_keeps_all_or_nothing(store: GlossaryStore) -> None:
    await load(store, TERMS[0])
    version = (await store.glossary("names")).version
    many = [Entry(f"术语{i}", f"term {i}") for i in range(1200)]
    with pytest.raises(ImportRefusedError, match="2 rows cannot be used") as caught:
        await store.load("names", [*rows(*many, Entry("术语3", "x")), Problem(9000, "is odd")])
    assert [problem.line for problem in caught.value.problems] == [1201, 9000]
    assert await kept(store) == [TERMS[0]]
    assert (await store.glossary("names")).version == version


async def test_a_replacement_is_whole_or_not_at_all(store: GlossaryStore) -> None:
    await load(store, *TERMS)
    with pytest.raises(ImportRefusedError):
        await store.load("names", [Problem(1, "is odd")], LoadOptions(replace=True))
    assert await kept(store) == list(TERMS)
    fresh = Entry("新", "new")
    assert await load(store, fresh, replace=True) == (1, 0, 0, 0)
    assert await kept(store) == [fresh]
    assert await load(store, replace=True) == (0, 0, 0, 0)
    assert await kept(store) == []


async def test_problems_are_told_up_to_a_number_and_then_counted(store: GlossaryStore) -> None:
    report = await store.load(
        "names", [Problem(i, "is odd") for i in range(2500)], LoadOptions(Mode.LENIENT)
    )
    assert report.refused == 2500
    assert len(report.problems) == 1000


async def test_a_glossary_has_a_limit(tmp_path: Path) -> None:
    store = GlossaryStore(config(tmp_path / "g.db", max_entries=600))
    await store.create("names")
    many = [Entry(f"术语{i}", f"term {i}") for i in range(601)]
    await store.load("names", rows(*many[:600]))
    with pytest.raises(GlossaryLimitError, match="600"):
        await store.load("names", rows(many[600]))
    await store.load("names", rows(*many[:600]), LoadOptions(replace=True))
    assert (await store.glossary("names")).entries == 600
    await store.close()


@pytest.mark.parametrize("name", ["csv", "tsv", "tbx", "txt"])
async def test_thousands_of_entries_by_file(store: GlossaryStore, name: str) -> None:
    given = [Entry(f"术语{i}", f"term {i}", "a note", f"field {i % 3}") for i in range(3000)]
    form = named_format(name)
    report = await store.import_file("names", io.BytesIO(written(name, given)), form)
    assert (report.added, report.refused) == (3000, 0)
    file = io.BytesIO()
    assert await store.export("names", form, file) == report.glossary
    assert file.getvalue() == written(name, given)


async def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    store = GlossaryStore(config(tmp_path / "g.db", max_file_bytes=2000))
    await store.create("names")
    file = io.BytesIO(b"a,b\n" * 600)
    with pytest.raises(GlossaryLimitError, match="2000 bytes"):
        await store.import_file("names", file, named_format("csv"))
    assert (await store.glossary("names")).entries == 0
    await store.close()
