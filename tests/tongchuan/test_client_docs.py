"""docs/client.md does what it says: its programs are run as they stand there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.packaging.documents import ROOT, blocks, commands, links
from tests.server.live import Live, live
from tests.tongchuan.sounds import encoded, tone, write
from tongchuan import cli

DOCUMENT = "docs/client.md"
PATIENCE_S = 30


def program(*words: str) -> str:
    """The one Python block that holds all of `words`."""
    (found,) = [text for text in blocks(DOCUMENT, "python") if all(word in text for word in words)]
    return found


@asynccontextmanager
async def running(text: str, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", text, *words, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def address(server: Live) -> str:
    return f"ws://127.0.0.1:{server.port}"


async def test_the_python_program(tmp_path: Path) -> None:
    talk = write(tmp_path / "talk.flac", tone(0.5))
    async with live() as server:
        text = program("open_recording")
        async with running(text, address(server), str(talk)) as process:
            out, _errors = await process.communicate()
        assert process.returncode == 0
        assert server.backend.specs[0].terms[0].target == "Tongchuan"
    assert out.decode().splitlines()[0] == "chunk 1 of sound.   [0.2 s, 第1段]"


async def test_the_phone_bridge() -> None:
    call = encoded(tone(0.5, 8000), 8000, format="RAW", subtype="ULAW")
    async with live(max_sessions=1) as server:
        async with running(program("mulaw"), address(server), "0") as process:
            assert process.stdout
            port = int((await process.stdout.readline()).split()[-1])
            caption, phone = await asyncio.open_connection("127.0.0.1", port)
            phone.write(call[:3000])
            await phone.drain()
            assert await caption.readline() == b"chunk 1 of sound.\n"  # while the call goes on
            second, other_phone = await asyncio.open_connection("127.0.0.1", port)
            assert b"busy" in await second.read()
            other_phone.close()
            phone.write(call[3000:])
            phone.write_eof()
            assert await caption.read() == b"chunk 2 of sound.\nchunk 3 of sound.\n"
            phone.close()
        await server.empty()


async def test_the_program_without_our_client(tmp_path: Path) -> None:
    talk = write(tmp_path / "talk.wav", tone(0.5), subtype="PCM_16")
    async with live() as server:
        text = program("subprotocols")
        async with running(text, address(server), str(talk)) as process:
            out, _errors = await process.communicate()
        assert process.returncode == 0
    assert out.decode().splitlines() == [
        "session.started",
        "chunk 1 of sound.",
        "chunk 2 of sound.",
        "chunk 3 of sound.",
    ]


async def test_the_raw_messages() -> None:
    start, flush, end = (json.loads(line) for line in blocks(DOCUMENT, "json")[0].splitlines())
    async with live() as server, server.talk() as talk:
        await talk.send(start)
        await talk.until("session.started")
        await talk.send(tone(0.2).tobytes(), flush)
        await talk.until("flushed", marker="here")
        await talk.send(end)
        assert await talk.rest() == 1000


def test_the_commands_are_commands() -> None:
    taken = [words for words in commands(DOCUMENT) if words[0] == "tongchuan"]
    assert len(taken) > 4
    for words in taken:
        cli._parser().parse_args(words[1:])


def test_the_links_lead_somewhere() -> None:
    for target in links(DOCUMENT):
        assert ((ROOT / DOCUMENT).parent / target).exists(), target


@pytest.mark.parametrize("name", ["FlushTimeoutError", "ServerFullError", "ConnectError"])
def test_the_exceptions_have_these_names(name: str) -> None:
    import tongchuan.errors

    assert name in (ROOT / DOCUMENT).read_text("utf-8")
    assert issubclass(getattr(tongchuan.errors, name), tongchuan.errors.ClientError)
