"""`/v1/glossaries` over a real socket: glossaries and their entries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.server.desks import ENTRIES, Desk, check_error, desk


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as running:
        yield running


async def test_created_listed_read_and_deleted(rest: Desk) -> None:
    assert (await rest.ask("GET")).json() == {"glossaries": []}
    made = await rest.ask(
        "POST", json={"name": "医学 1", "source_language": "en", "target_language": "zh"}
    )
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/glossaries/%E5%8C%BB%E5%AD%A6%201"
    assert made.headers["etag"] == '"1"'
    summary = made.json()
    assert summary.pop("updated_at").endswith("+00:00")
    assert summary == {
        "name": "医学 1",
        "source_language": "en",
        "target_language": "zh",
        "version": 1,
        "entries": 0,
    }
    found = await rest.http.get(made.headers["location"])
    assert found.json() == made.json()
    assert (await rest.ask("GET")).json() == {"glossaries": [made.json()]}
    gone = await rest.ask("DELETE", "/医学 1")
    assert (gone.status_code, gone.content) == (204, b"")
    check_error(await rest.ask("GET", "/医学 1"), 404, "医学 1")
    check_error(await rest.ask("DELETE", "/医学 1"), 404, "医学 1")


async def test_a_name_is_given_once(rest: Desk) -> None:
    await rest.made()
    check_error(await rest.ask("POST", json={"name": "names"}), 409, "names")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "name", "missing"),
        ({"name": 7}, "name", "integer"),
        ({"name": "a/b"}, "name", "letters"),
        ({"name": "x" * 101}, "name", "101"),
        ({"name": "x", "source_language": "Chinese"}, "source_language", "tag"),
        ({"name": "x", "target_language": "zh"}, "target_language", "source's too"),
    ],
)
async def test_what_no_glossary_can_be(
    rest: Desk, body: dict[str, Any], field: str, words: str
) -> None:
    check_error(await rest.ask("POST", json=body), 422, words, field=field)


async def test_entries_are_appended_read_and_searched(rest: Desk) -> None:
    report = (await rest.made("names", *ENTRIES)).json()
    assert report == {
        "name": "names",
        "version": 2,
        "entries": 3,
        "added": 3,
        "replaced": 0,
        "duplicates": 0,
        "refused": 0,
        "problems": [],
    }
    page = await rest.ask("GET", "/names/entries", params={"limit": 2})
    assert page.headers["etag"] == '"2"'
    first, second = page.json()["entries"]
    assert {**ENTRIES[0], "domain": ""} == {key: first[key] for key in first if key != "id"}
    assert (page.json()["total"], page.json()["next"]) == (3, second["id"])
    rest_of_it = await rest.ask("GET", "/names/entries", params={"after": second["id"]})
    assert [entry["source"] for entry in rest_of_it.json()["entries"]] == ["GPU"]
    assert rest_of_it.json()["next"] is None
    found = await rest.ask("GET", "/names/entries", params={"q": "GRAPHICS"})
    assert [entry["source"] for entry in found.json()["entries"]] == ["GPU"]
    one = await rest.ask("GET", f"/names/entries/{first['id']}")
    assert one.json() == first


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"after": -1}, "after"),
        ({"after": 2**63}, "after"),
        ({"after": "x"}, "after"),
        ({"q": "a\0"}, "query"),
    ],
)
async def test_pages_that_there_cannot_be(rest: Desk, query: dict[str, Any], field: str) -> None:
    await rest.made()
    check_error(await rest.ask("GET", "/names/entries", params=query), 422, field, field=field)


async def test_editors_do_not_undo_each_other(rest: Desk) -> None:
    tag = (await rest.made("names", *ENTRIES)).headers["etag"]
    new = {"entries": [{"source": "新", "target": "new"}]}
    check_error(
        await rest.ask("PUT", "/names/entries", json=new), 428, "If-Match", field="If-Match"
    )
    mine = await rest.ask("PUT", "/names/entries", json=new, headers={"If-Match": tag})
    assert (mine.status_code, mine.headers["etag"]) == (200, '"3"')
    theirs = await rest.ask("PUT", "/names/entries", json=new, headers={"If-Match": tag})
    check_error(theirs, 412, "version 3", "not 2")
    for method, path in (("DELETE", ""), ("DELETE", "/entries?id=1"), ("POST", "/entries")):
        late = await rest.ask(method, f"/names{path}", json=new, headers={"If-Match": tag})
        check_error(late, 412, "version 3")
    for wrong in ("3", 'W/"3"', '"3", "4"', '"x"'):
        answer = await rest.ask("PUT", "/names/entries", json=new, headers={"If-Match": wrong})
        check_error(answer, 400, "ETag", field="If-Match")
    anyway = await rest.ask(
        "PUT", "/names/entries", json={"entries": []}, headers={"If-Match": "*"}
    )
    assert anyway.json()["entries"] == 0
    assert (await rest.ask("DELETE", "/names", headers={"If-Match": '"4"'})).status_code == 204


async def test_of_two_who_replace_at_once_one_is_told(rest: Desk) -> None:
    tag = (await rest.made("names", *ENTRIES)).headers["etag"]
    bodies = [{"entries": [{"source": f"新{i}", "target": "new"}]} for i in range(6)]
    answers = await asyncio.gather(
        *(
            rest.ask("PUT", "/names/entries", json=body, headers={"If-Match": tag})
            for body in bodies
        )
    )
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, *[412] * 5]
    winner = bodies[statuses.index(200)]["entries"][0]["source"]
    assert await rest.sources() == [winner]


async def test_what_has_not_changed_is_not_sent_again(rest: Desk) -> None:
    tag = (await rest.made("names", *ENTRIES)).headers["etag"]
    for path in ("/names", "/names/entries"):
        for sent in (tag, f'"0", W/{tag}'):
            same = await rest.ask("GET", path, headers={"If-None-Match": sent})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert (await rest.ask("GET", path, headers={"If-None-Match": '"1"'})).status_code == 200


async def test_one_entry_is_changed_and_some_are_deleted(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    page = (await rest.ask("GET", "/names/entries")).json()
    first, second, third = (entry["id"] for entry in page["entries"])
    path, new = f"/names/entries/{first}", {"source": "马奎尔", "target": "Harry Maguire"}
    check_error(await rest.ask("PUT", path, json=new), 428, "If-Match", field="If-Match")
    changed = await rest.ask("PUT", path, json=new, headers={"If-Match": '"2"'})
    assert changed.json() == {"id": first, "note": "", "domain": "", "spoken": [], **new}
    assert changed.headers["etag"] == '"3"'
    check_error(await rest.ask("PUT", path, json=new, headers={"If-Match": '"2"'}), 412)
    clash = {"source": "gpu", "target": "x", "domain": "Computing"}
    answer = await rest.ask("PUT", path, json=clash, headers={"If-Match": "*"})
    check_error(answer, 409, f"entry {third}")
    empty = {"source": " ", "target": "x"}
    answer = await rest.ask("PUT", path, json=empty, headers={"If-Match": "*"})
    check_error(answer, 422, "source is empty", field="source")
    deleted = await rest.ask("DELETE", path)
    assert deleted.json() == {"name": "names", "version": 4, "entries": 2, "deleted": 1}
    check_error(await rest.ask("DELETE", path), 404, str(first))
    check_error(await rest.ask("GET", path), 404, str(first))
    check_error(await rest.ask("GET", "/names/entries/0"), 422, field="number")
    params = {"id": [second, third, 999]}
    many = await rest.ask("DELETE", "/names/entries", params=params)
    assert (many.json()["deleted"], many.json()["entries"]) == (2, 0)
    check_error(await rest.ask("DELETE", "/names/entries"), 422, "id", field="id")


async def test_bad_entries_keep_all_out_or_only_themselves(rest: Desk) -> None:
    await rest.made()
    body = {
        "entries": [*ENTRIES, {"source": "", "target": "x"}, {"source": "马奎尔", "target": "y"}]
    }
    strict = await rest.ask("POST", "/names/entries", json=body)
    check_error(strict, 422, "entries[3].source is empty", "nothing", field="entries[3].source")
    assert strict.json()["refused"] == 2
    assert [problem["line"] for problem in strict.json()["problems"]] == [3, 4]
    assert await rest.sources() == []
    lenient = await rest.ask("POST", "/names/entries", json=body, params={"mode": "lenient"})
    assert lenient.status_code == 200
    assert (lenient.json()["added"], lenient.json()["refused"]) == (3, 2)
    assert "contradicts" in lenient.json()["problems"][1]["reason"]
    update = {"entries": [{"source": "马奎尔", "target": "y"}]}
    answer = await rest.ask("POST", "/names/entries", json=update, params={"conflicts": "replace"})
    assert (answer.json()["replaced"], answer.json()["entries"]) == (1, 3)
    answer = await rest.ask("POST", "/names/entries", json=update, params={"mode": "loose"})
    check_error(answer, 422, "mode", field="mode")


async def test_a_body_without_entries_empties_nothing(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    answer = await rest.ask("PUT", "/names/entries", json={}, headers={"If-Match": "*"})
    check_error(answer, 422, "entries is missing", field="entries")
    assert len(await rest.sources()) == 3


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (7, "entries[0]"),
        ({"source": "a"}, "entries[0].target"),
        ({"source": "a", "target": None}, "entries[0].target"),
        ({"source": "a", "target": "b", "note": 1}, "entries[0].note"),
        ({"source": "a", "target": "b", "spoken": "x"}, "entries[0].spoken"),
        ({"source": "a", "target": "b", "spoken": [1]}, "entries[0].spoken[0]"),
    ],
)
async def test_bodies_of_another_shape(rest: Desk, entry: object, field: str) -> None:
    await rest.made()
    answer = await rest.ask("POST", "/names/entries", json={"entries": [entry]})
    check_error(answer, 422, field, field=field)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "nested"),
    ],
)
async def test_bodies_that_are_no_json(rest: Desk, body: bytes, words: str) -> None:
    headers = {"Content-Type": "application/json"}
    check_error(await rest.ask("POST", content=body, headers=headers), 400, words)


async def test_bodies_of_another_type(rest: Desk) -> None:
    answer = await rest.ask(
        "POST", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"}
    )
    check_error(answer, 415, "application/json", field="Content-Type")


async def test_bodies_over_the_limit(tmp_path: Path) -> None:
    async with desk(tmp_path, glossaries={"max_body_bytes": 2000, "max_entries": 3}) as rest:
        await rest.made("names", *ENTRIES)
        answer = await rest.ask("POST", json={"name": "x" * 3000})
        check_error(answer, 413, "2000")

        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(300):
                yield b" " * 10

        headers = {"Content-Type": "application/json"}
        answer = await rest.ask("POST", content=unannounced(), headers=headers)
        check_error(answer, 413, "2000")
        more = {"entries": [{"source": "新", "target": "new"}]}
        check_error(await rest.ask("POST", "/names/entries", json=more), 413, "3 entries")


async def test_a_body_that_does_not_come(tmp_path: Path) -> None:
    async with desk(tmp_path, glossaries={"body_timeout_s": 0.05, "max_uploads": 1}) as rest:
        reader, writer = await asyncio.open_connection("127.0.0.1", rest.server.port)
        head = (
            "POST /v1/glossaries HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{rest.server.port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n"
        )
        writer.write(f'{head}{{"name"'.encode())
        async with asyncio.timeout(20):
            answer = await reader.readuntil(b"}")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"0.05 s" in answer
        writer.close()
        assert (await rest.ask("POST", json={"name": "x"})).status_code == 201


async def test_a_database_that_goes_away(rest: Desk) -> None:
    await rest.made("names", *ENTRIES)
    away = rest.database.with_name("away.db")
    rest.database.rename(away)
    answer = await rest.ask("GET", "/names")
    check_error(answer, 503, "cannot be used")
    assert answer.headers["retry-after"] == "5"
    check_error(await rest.ask("POST", json={"name": "x"}), 503)
    assert (await rest.server.get("/readyz")).status_code == 200  # it can still interpret
    away.rename(rest.database)
    assert len(await rest.sources()) == 3


async def test_a_server_without_a_place_for_glossaries(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with desk(tmp_path / "file") as rest:
        assert (await rest.server.get("/readyz")).status_code == 200
        check_error(await rest.ask("GET"), 503, "TONGCHUAN_GLOSSARIES__URL")
        (tmp_path / "file").unlink()
        assert (await rest.ask("GET")).json() == {"glossaries": []}
