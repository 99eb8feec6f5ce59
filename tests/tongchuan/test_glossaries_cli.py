"""`tongchuan glossaries …` against a server of ours."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.glossaries.making import TERMS, good, read, written
from tests.server.desks import Desk, desk
from tongchuan.cli import main

PATIENCE_S = 20

Run = Callable[..., int]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Starts servers in threads of their own: the command line has the main one."""
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, threading.Thread]] = []

    def begin(**options: object) -> Desk:
        ready: list[Desk] = []
        up, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

        async def serve() -> None:
            async with desk(tmp_path, **options) as it:  # type: ignore[arg-type]
                ready.append(it)
                up.set()
                await done.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        running.append((loop, done, thread))
        assert up.wait(PATIENCE_S)
        return ready[0]

    yield begin
    for loop, done, thread in running:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE_S)
        loop.close()


@pytest.fixture
def run(start: Callable[..., Desk]) -> Run:
    """`tongchuan glossaries WORDS` against a running server."""
    port = start().server.port

    def run(*words: str) -> int:
        command, *others = words
        return main(["glossaries", command, "--url", f"127.0.0.1:{port}", *others])

    return run


def test_from_import_to_deletion(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "terms.csv"
    file.write_bytes(written("csv", TERMS))
    assert run("import", "医学 1", str(file)) == 0
    assert capsys.readouterr().out == (
        "医学 1: 3 added, 0 replaced, 0 there already, 0 refused; 3 entries\n"
    )
    assert run("import", "医学 1", str(file), "--update") == 0
    assert "3 there already" in capsys.readouterr().out
    assert run("list") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "LANGUAGES", "ENTRIES", "VERSION", "CHANGED"]
    assert line.startswith("医学 1  zh-en            3        2  20")
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["entries"] == 3
    for form in ("csv", "tsv", "tbx", "txt"):
        output = tmp_path / f"out.{form}"
        assert run("export", "医学 1", "-o", str(output)) == 0
        assert good(read(form, output.read_bytes())) == list(TERMS)
    assert not list(tmp_path.glob("*.part"))
    capsys.readouterr()
    assert run("delete", "医学 1") == 0
    assert run("list", "--json") == 0
    assert capsys.readouterr().out == "医学 1: deleted\n[]\n"


def test_export_to_a_pipe(
    run: Run, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "terms.txt"
    file.write_bytes(written("txt", TERMS))
    assert run("import", "names", str(file)) == 0
    capsysbinary.readouterr()
    assert run("export", "names", "--format", "txt") == 0
    assert capsysbinary.readouterr().out == written("txt", TERMS)


def test_import_from_a_pipe_in_another_encoding_and_direction(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = TextIOWrapper(BytesIO("term,术语\n".encode("gb18030")))
    monkeypatch.setattr(sys, "stdin", pipe)
    words = ("--source-language", "en", "--target-language", "zh", "--encoding", "gb18030")
    assert run("import", "turned", "-", "--format", "csv", *words) == 0
    assert run("list") == 0
    assert "turned  en-zh" in capsys.readouterr().out


def test_bad_rows(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "terms.txt"
    file.write_text("甲 = A\n乙\n" + "丙 =\n" * 30, encoding="utf-8")
    assert run("import", "names", str(file)) == 1
    said = capsys.readouterr().err
    assert "line 2: has neither = nor a tab" in said
    assert "line 3: target is empty" in said
    assert "… and 11 more" in said
    assert "31 rows cannot be used, so nothing was kept" in said
    assert run("list", "--json") == 0
    assert capsys.readouterr().out == "[]\n"  # as if nothing had been
    assert run("import", "names", str(file), "--lenient") == 0
    told = capsys.readouterr()
    assert "names: 1 added, 0 replaced, 0 there already, 31 refused; 1 entries" in told.out
    assert "line 2" in told.err


def test_replacement(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("甲 = A\n乙 = B\n", encoding="utf-8")
    other.write_text("丙 = C\n", encoding="utf-8")
    assert run("import", "names", str(one)) == 0
    assert run("import", "names", str(other), "--replace") == 0
    capsys.readouterr()
    assert run("export", "names", "--format", "txt") == 0
    assert capsys.readouterr().out == "丙 = C\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "nobody"), "no glossary named 'nobody'"),
        (("delete", "nobody"), "no glossary named 'nobody'"),
        (("import", "names", "missing.csv"), "cannot read missing.csv"),
        (("import", "names", "terms.xlsx"), "Say --format"),
        (("import", "a/b", "pyproject.toml", "--format", "txt"), "letters, digits"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "terms.txt"
    file.write_text("甲 = A\n", encoding="utf-8")
    assert run("import", "names", str(file)) == 0
    assert run("export", "names", "-o", str(tmp_path / "no" / "folder.csv")) == 1
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:1", "ftp://host", "http://", "http://h:port", "ws://[::1"]
)
def test_servers_that_cannot_be_reached(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glossaries", "list", "--url", url]) == 1
    assert url.removeprefix("http://") in capsys.readouterr().err


def test_the_key_comes_from_the_environment(
    start: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"ws://127.0.0.1:{start(api_key='a-long-secret').server.port}"
    assert main(["glossaries", "list", "--url", url]) == 1
    assert "key is missing" in capsys.readouterr().err
    monkeypatch.setenv("TONGCHUAN_API_KEY", "a-long-secret")
    assert main(["glossaries", "list", "--url", url]) == 0
