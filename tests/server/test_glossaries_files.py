"""`/v1/glossaries/{name}/import` and `/export` over a real socket."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
import pytest_asyncio

from tests.glossaries.making import TERMS, written
from tests.server.desks import ENTRIES, Desk, check_error, desk

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "tbx": "application/x-tbx; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as running:
        yield running


@pytest.mark.parametrize("form", TYPES)
async def test_a_file_goes_in_and_comes_out(rest: Desk, form: str) -> None:
    await rest.made("医学")
    data = written(form, TERMS)
    taken = await rest.ask(
        "POST", "/医学/import", content=data, headers={"Content-Type": TYPES[form]}
    )
    assert taken.status_code == 200, taken.text
    assert (taken.json()["added"], taken.json()["refused"]) == (3, 0)
    given = await rest.ask("GET", "/医学/export", params={"format": form})
    assert given.content == data
    assert given.headers["content-type"] == TYPES[form]
    assert given.headers["content-length"] == str(len(data))
    assert given.headers["etag"] == taken.headers["etag"]
    named = f"attachment; filename*=UTF-8''%E5%8C%BB%E5%AD%A6.{form}"
    assert given.headers["content-disposition"] == named
    again = await rest.ask("POST", "/医学/import", params={"format": form}, content=data)
    assert (again.json()["added"], again.json()["duplicates"]) == (0, 3)


async def test_bad_rows_are_told_with_their_lines(rest: Desk) -> None:
    await rest.made()
    data = "source,target\n马奎尔,Maguire\n,empty\n新,\n马奎尔,McGuire\n好,good\n".encode()
    params = {"format": "csv"}
    strict = await rest.ask("POST", "/names/import", content=data, params=params)
    check_error(strict, 422, "3 rows cannot be used", "nothing was kept", "line 3")
    assert strict.json()["refused"] == 3
    assert [problem["line"] for problem in strict.json()["problems"]] == [3, 4, 5]
    assert strict.json()["problems"][0] == {"line": 3, "field": "source", "reason": "is empty"}
    assert await rest.sources() == []
    params["mode"] = "lenient"
    lenient = await rest.ask("POST", "/names/import", content=data, params=params)
    assert (lenient.json()["added"], lenient.json()["refused"]) == (2, 3)
    assert await rest.sources() == ["马奎尔", "好"]


async def test_a_file_in_the_place_of_all(rest: Desk) -> None:
    tag = (await rest.made("names", *ENTRIES)).headers["etag"]
    options: dict[str, Any] = {
        "content": b"a = b",
        "params": {"format": "txt", "replace": "true"},
    }
    check_error(await rest.ask("POST", "/names/import", **options), 428, field="If-Match")
    done = await rest.ask("POST", "/names/import", headers={"If-Match": tag}, **options)
    assert done.json()["entries"] == 1
    check_error(await rest.ask("POST", "/names/import", headers={"If-Match": tag}, **options), 412)


async def test_encodings_by_mark_charset_or_name(rest: Desk) -> None:
    await rest.made()
    text = "甲 = A\n"
    sent: tuple[tuple[bytes, dict[str, str], dict[str, str]], ...] = (
        (text.encode("utf-16"), {"Content-Type": "text/plain"}, {}),
        (text.encode("gb18030"), {"Content-Type": 'text/plain; charset="GB18030"'}, {}),
        (text.encode("gbk"), {"Content-Type": "text/plain"}, {"encoding": "gbk"}),
    )
    for data, headers, params in sent:
        answer = await rest.ask(
            "POST", "/names/import", content=data, headers=headers, params=params
        )
        assert answer.status_code == 200, answer.text
    assert await rest.sources() == ["甲"]
    answer = await rest.ask(
        "POST", "/names/import", content=text.encode("gbk"), params={"format": "txt"}
    )
    check_error(answer, 422, "line 1", "encoding=gb18030")
    for charset in ("klingon", "utf-7"):
        headers = {"Content-Type": f"text/plain; charset={charset}"}
        answer = await rest.ask("POST", "/names/import", content=data, headers=headers)
        check_error(answer, 415, charset)


async def test_formats_that_are_not_known(rest: Desk) -> None:
    await rest.made()
    check_error(await rest.ask("POST", "/names/import", content=b"x"), 415, "format=csv")
    headers = {"Content-Type": "application/pdf"}
    check_error(await rest.ask("POST", "/names/import", content=b"x", headers=headers), 415, "tbx")
    for method, path in (("POST", "/names/import"), ("GET", "/names/export")):
        answer = await rest.ask(method, path, params={"format": "xlsx"})
        check_error(answer, 415, "xlsx", "csv, tsv, tbx, txt")


async def test_a_bomb_is_refused(rest: Desk) -> None:
    await rest.made()
    bomb = b'<!DOCTYPE tbx [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><tbx>&b;</tbx>'
    headers = {"Content-Type": "application/xml"}
    answer = await rest.ask("POST", "/names/import", content=bomb, headers=headers)
    check_error(answer, 422, "entities are refused")


async def test_files_for_nobody(rest: Desk) -> None:
    for method, path in (("POST", "/nobody/import"), ("GET", "/nobody/export")):
        check_error(await rest.ask(method, path, params={"format": "csv"}), 404, "nobody")


async def test_files_over_the_limit(tmp_path: Path) -> None:
    async with desk(tmp_path, glossaries={"max_file_bytes": 100_000}) as rest:
        await rest.made()
        options = {"params": {"format": "txt"}}
        much = b"# a comment\n" * 10_000
        check_error(await rest.ask("POST", "/names/import", content=much, **options), 413, "100000")

        async def unannounced() -> AsyncIterator[bytes]:
            for start in range(0, len(much), 1000):
                yield much[start : start + 1000]

        answer = await rest.ask("POST", "/names/import", content=unannounced(), **options)
        check_error(answer, 413, "100000")
        assert await rest.sources() == []


async def test_a_client_that_leaves_in_the_middle(rest: Desk) -> None:
    await rest.made()
    begun = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b"a = b\n" * 1000
        begun.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(
        rest.ask("POST", "/names/import", content=half(), params={"format": "txt"})
    )
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await rest.sources() == []
    whole = await rest.ask("POST", "/names/import", content=b"a = b", params={"format": "txt"})
    assert whole.json()["added"] == 1


async def test_more_uploads_at_once_than_there_is_room_for(tmp_path: Path) -> None:
    async with desk(tmp_path, glossaries={"max_uploads": 1, "wait_s": 0.5}) as rest:
        await rest.made()
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"a = b\n" * 10_000
            begun.set()
            await go_on.wait()

        options = {"params": {"format": "txt"}}
        first = asyncio.create_task(rest.ask("POST", "/names/import", content=slow(), **options))
        await begun.wait()
        while (answer := await rest.ask("POST", json={"name": "x"})).status_code == 201:
            await rest.ask("DELETE", "/x")  # the first has not arrived yet
        check_error(answer, 503, "uploads")
        assert answer.headers["retry-after"] == "1"
        go_on.set()
        assert (await first).json()["added"] == 1
        assert (await rest.ask("POST", json={"name": "x"})).status_code == 201


async def test_a_disk_that_is_full(rest: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await rest.made("names", *ENTRIES)

    class Full(SpooledTemporaryFile[bytes]):
        def write(self, _data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("server.glossary.spool.SpooledTemporaryFile", Full)
    taken = await rest.ask("POST", "/names/import", content=b"a = b", params={"format": "txt"})
    check_error(taken, 503, "full")
    assert taken.headers["retry-after"] == "30"
    check_error(await rest.ask("GET", "/names/export"), 503, "full")
    monkeypatch.undo()
    assert len(await rest.sources()) == 3


async def test_thousands_of_entries(rest: Desk) -> None:
    await rest.made()
    data = "".join(f"术语{i},term {i}\n" for i in range(5000)).encode()
    taken = await rest.ask("POST", "/names/import", content=data, params={"format": "csv"})
    assert taken.json()["added"] == 5000
    given = await rest.ask("GET", "/names/export", params={"format": "txt"})
    assert given.text.count("\n") == 5000
