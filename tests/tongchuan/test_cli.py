"""The command line, called as a function, with a fake backend or a server of ours."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tongchuan
from tests.fakes import FakeBackend
from tests.server.live import Live, live
from tests.tongchuan import fake_models
from tests.tongchuan.sounds import tone, write
from tongchuan.cli import main

Fake = Callable[[str], FakeBackend]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a fake backend where the models would be."""

    def put(plan: str = "plain") -> FakeBackend:
        backend = fake_models.backend(plan)
        monkeypatch.setitem(sys.modules, "models.factory", fake_models.module(backend))
        return backend

    return put


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """0.5 s that the fake hears as three chunks."""
    return write(tmp_path / "talk.flac", tone(0.5))


@pytest.fixture
def server() -> Iterator[Callable[..., Live]]:
    """Starts servers in threads of their own: the command line has the main one."""
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, threading.Thread]] = []

    def start(**options: object) -> Live:
        ready: list[Live] = []
        up, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

        async def serve() -> None:
            async with live(**options) as it:  # type: ignore[arg-type]
                ready.append(it)
                up.set()
                await done.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        running.append((loop, done, thread))
        assert up.wait(20)
        return ready[0]

    yield start
    for loop, done, thread in running:
        loop.call_soon_threadsafe(done.set)
        thread.join(20)
        loop.close()


def test_in_this_process(
    fake: Fake, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = fake("plain")
    outputs = {name: tmp_path / f"out.{name}" for name in ("srt", "vtt", "txt", "json")}
    options = [word for name, path in outputs.items() for word in (f"--{name}", str(path))]
    terms = ["--term", "同传=Tongchuan", "--term", " a = b = c "]
    assert main(["translate", str(talk), *options, *terms, "--context", "a talk"]) == 0
    out = capsys.readouterr().out
    assert out == "chunk 1 of sound.\nchunk 2 of sound.\nchunk 3 of sound.\n"
    assert outputs["txt"].read_text() == out
    assert outputs["srt"].read_text().count("-->") == 3
    assert outputs["vtt"].read_text().startswith("WEBVTT")
    document = json.loads(outputs["json"].read_text())
    assert [chunk["source"] for chunk in document["chunks"]] == ["第1段", "第2段", "第3段"]
    assert document["audio_ms"] == 500
    spec = backend.specs[0]
    assert [(term.source, term.target) for term in spec.terms] == [
        ("同传", "Tongchuan"),
        ("a", "b = c"),
    ]
    assert (spec.context, spec.previews) == ("a talk", False)
    assert backend.closed


def test_both_languages(
    fake: Fake, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("plain")
    srt = tmp_path / "a.srt"
    assert main(["translate", str(talk), "--bilingual", "--srt", str(srt), "--realtime"]) == 0
    assert capsys.readouterr().out.startswith("第1段\nchunk 1 of sound.\n")
    assert "chunk 1 of sound.\n第1段\n" in srt.read_text()


def test_quiet(fake: Fake, talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake("plain")
    assert main(["translate", "-q", str(talk)]) == 0
    assert capsys.readouterr() == ("", "")


def test_over_a_server(
    server: Callable[..., Live], talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = server()
    srt = tmp_path / "a.srt"
    address = f"http://127.0.0.1:{running.port}"
    assert main(["translate", str(talk), "--url", address, "--srt", str(srt)]) == 0
    assert capsys.readouterr().out.count("of sound.") == 3
    assert srt.read_text().count("-->") == 3


def test_glossaries_of_a_server(
    server: Callable[..., Live], talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = server(glossaries={"url": str(tmp_path / "glossaries.db")})
    address = f"127.0.0.1:{running.port}"
    file = tmp_path / "terms.txt"
    file.write_text("同传 = Tongchuan\n", encoding="utf-8")
    assert main(["glossaries", "import", "names", str(file), "--url", address]) == 0
    assert main(["translate", str(talk), "--url", address, "--glossary", "names"]) == 0
    assert running.backend.specs[0].glossaries is not None
    words = ("--glossary", "nobody", "--glossary", "names")
    assert main(["translate", str(talk), "--url", address, *words]) == 1
    assert "no glossary named 'nobody'" in capsys.readouterr().err


def test_the_servers_key_comes_from_the_environment(
    server: Callable[..., Live],
    talk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = f"ws://127.0.0.1:{server(api_key='secret-key-1').port}"
    assert main(["translate", str(talk), "--url", address]) == 1
    assert "key" in capsys.readouterr().err
    monkeypatch.setenv("TONGCHUAN_API_KEY", "secret-key-1")
    assert main(["translate", str(talk), "--url", address]) == 0


def test_a_full_server(
    server: Callable[..., Live], talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = server(max_sessions=1)
    assert running.hub.admission.take() is None
    assert main(["translate", str(talk), "--url", f"ws://127.0.0.1:{running.port}"]) == 1
    assert "slots are taken" in one_line(capsys)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The message of a failed command: a single line, no traceback."""
    lines = [line for line in capsys.readouterr().err.splitlines() if "loading" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("tongchuan: ")
    return lines[0]


def test_nobody_listens(
    talk: Path, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["translate", str(talk), "--url", f"ws://127.0.0.1:{unused_tcp_port}"]) == 1
    assert "tongchuan serve" in one_line(capsys)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.wav", None, "No such file"),
        ("empty.wav", b"", "empty"),
        ("text.wav", b"these are words and no sound", "not audio"),
        (".", None, "folder"),
    ],
)
def test_inputs_that_are_none(
    fake: Fake,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backend = fake("plain")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["translate", str(path)]) == 1
    assert words in one_line(capsys)
    assert not backend.specs  # told before the models are loaded


def test_an_output_that_cannot_be_written(
    fake: Fake, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = fake("plain")
    assert main(["translate", str(talk), "--srt", str(tmp_path / "no" / "a.srt")]) == 1
    assert "does not exist" in one_line(capsys)
    assert not backend.specs


def test_missing_weights_name_the_command(
    fake: Fake, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = fake("unfetched")
    assert main(["translate", str(talk)]) == 1
    assert "tongchuan models fetch" in one_line(capsys)
    assert backend.closed


def test_what_was_committed_before_a_failure_is_written(
    fake: Fake, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("broken")
    srt = tmp_path / "a.srt"
    assert main(["translate", str(talk), "--srt", str(srt)]) == 1
    assert "out of luck" in one_line(capsys)
    assert srt.read_text().count("-->") == 1


def test_a_lost_chunk_is_no_success(
    fake: Fake, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("lossy")
    txt = tmp_path / "a.txt"
    assert main(["translate", str(talk), "--txt", str(txt)]) == 1
    err = capsys.readouterr().err
    assert "could not be translated" in err
    assert len(txt.read_text().splitlines()) == 2


def test_a_fault_of_ours_is_a_line_or_with_v_a_traceback(
    fake: Fake, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("fault")
    assert main(["translate", str(talk)]) == 1
    assert "ZeroDivisionError: a bug" in one_line(capsys)
    fake("fault")
    assert main(["-v", "translate", str(talk)]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["sing"],
        ["translate"],
        ["translate", "a", "--term", "x"],
        ["translate", "a", "--term", "=b"],
        ["translate", "a", "--glossary", "names"],
        ["translate", "a", "--raw-encoding", "opus"],
        ["serve", "--port", "x"],
    ],
)
def test_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: tongchuan" in capsys.readouterr().err


def test_a_raw_format_that_cannot_be(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", str(talk), "--raw-encoding", "alaw", "--rate", "3"]) == 1
    assert "Hz" in one_line(capsys)


def test_a_setting_that_cannot_be(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake("plain")
    assert main(["serve", "--profile", "huge"]) == 1
    assert "huge" in one_line(capsys)
    monkeypatch.setenv("TONGCHUAN_MAX_SESSIONS", "0")
    assert main(["serve"]) == 1
    assert "TONGCHUAN_MAX_SESSIONS" in one_line(capsys)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == tongchuan.__version__
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"tongchuan {tongchuan.__version__}\n"
