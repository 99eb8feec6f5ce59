"""The client against a server that our own never is: newer, stuck, wrong, gone."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.tongchuan.scripted import Side, scripted
from tongchuan import (
    ChunkFinal,
    Event,
    Interpreter,
    SessionEnded,
    TranscriptPartial,
    TranslationDelta,
    UnknownEvent,
)
from tongchuan.connect import normalise_url
from tongchuan.errors import (
    ClientError,
    ConnectError,
    ConnectionLostError,
    FlushTimeoutError,
    ProtocolError,
    ServerFullError,
    SessionFailedError,
    SessionRefusedError,
    SessionStateError,
)


async def rest(session: Interpreter) -> list[Event]:
    async with asyncio.timeout(20):
        return [event async for event in session]


async def into(events: list[Event], session: Interpreter) -> None:
    """Everything into `events`, up to whatever ends it."""
    async with asyncio.timeout(20):
        async for event in session:
            events.append(event)


async def test_the_start_is_what_the_contract_says() -> None:
    sides: list[Side] = []

    async def script(side: Side) -> None:
        sides.append(side)
        await side.accept()
        assert await side.message() == {"type": "session.end"}
        await side.ended()

    async with scripted(script) as url:
        session = Interpreter(
            url, source="zh-CN", terms=[("甲", "A")], glossaries=["g"], context="c", previews=False
        )
        async with session:
            await session.end()
            assert isinstance((await rest(session))[-1], SessionEnded)
    assert sides[0].start == {
        "type": "session.start",
        "source": "zh-CN",
        "target": "en",
        "audio": {"encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1},
        "terms": [{"source": "甲", "target": "A"}],
        "glossaries": ["g"],
        "context": "c",
        "previews": False,
    }
    assert sides[0].socket.request is not None
    assert sides[0].socket.request.path == "/v1/interpret"
    assert "tongchuan.v1" in sides[0].socket.request.headers["Sec-WebSocket-Protocol"]


async def test_frames_are_split_at_the_limit() -> None:
    sides: list[Side] = []

    async def script(side: Side) -> None:
        sides.append(side)
        await side.accept(limits={"max_frame_bytes": 7})
        await side.message()
        await side.ended()

    data = bytes(range(100))
    async with scripted(script) as url, Interpreter(url) as session:
        await session.send(data)
        await session.send(b"")
        await session.end()
        await rest(session)
    assert b"".join(sides[0].frames) == data
    assert {len(frame) for frame in sides[0].frames} == {7, 2}


async def test_a_newer_server_is_understood() -> None:
    async def script(side: Side) -> None:
        await side.accept(voices=["a"], limits={"max_frame_bytes": 9, "max_wait_ms": 1})
        await side.emit("speaker.changed", name="Li")
        await side.emit("notice", code="new", message="", level=3)
        await side.message()
        await side.ended()

    async with scripted(script) as url, Interpreter(url) as session:
        await session.end()
        events = await rest(session)
    assert isinstance(events[0], UnknownEvent)
    assert events[0].fields["name"] == "Li"
    assert len(events) == 3


async def test_a_dropped_connection() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.emit("translation.delta", chunk=1, delta="He")
        side.socket.transport.abort()

    async with scripted(script) as url, Interpreter(url) as session:
        assert isinstance(await anext(session), TranslationDelta)
        with pytest.raises(ConnectionLostError) as caught:
            await anext(session)
        assert caught.value.close_code is None
        with pytest.raises(ConnectionLostError):
            await session.send(b"ab")
        with pytest.raises(ConnectionLostError):
            await session.flush()
        with pytest.raises(ConnectionLostError):
            await session.end()


async def test_a_drop_while_a_flush_waits() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.message()
        side.socket.transport.abort()

    async with scripted(script) as url, Interpreter(url) as session:
        with pytest.raises(ConnectionLostError):
            await session.flush()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1000, ConnectionLostError),
        (1011, ConnectionLostError),
        (1012, ConnectionLostError),
        (4400, ProtocolError),
        (4408, SessionFailedError),
        (4413, SessionFailedError),
        (4429, SessionFailedError),
        (4999, ConnectionLostError),
    ],
)
async def test_close_codes(code: int, error: type[ClientError]) -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.socket.close(code, "because")

    async with scripted(script) as url, Interpreter(url) as session:
        with pytest.raises(error, match=rf"because.*{code}"):
            await rest(session)


@pytest.mark.parametrize(
    ("code", "error"),
    [(1013, ServerFullError), (4401, SessionRefusedError), (1012, ConnectionLostError)],
)
async def test_close_codes_before_the_start(code: int, error: type[ClientError]) -> None:
    async def script(side: Side) -> None:
        await side.socket.close(code)

    async with scripted(script) as url:
        with pytest.raises(error):
            async with Interpreter(url):
                pytest.fail("opened")


async def test_full_before_the_start() -> None:
    async def script(side: Side) -> None:
        await side.emit("error", code="any", message="no slot", fatal=True, retry_after_s=7)
        await side.socket.close(1013)

    async with scripted(script) as url:
        with pytest.raises(ServerFullError, match="7 s") as caught:
            async with Interpreter(url):
                pytest.fail("opened")
    assert caught.value.retry_after_s == 7


async def test_what_is_owed_comes_before_the_fatal_error() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.emit("error", code="too_fast", message="slow down", fatal=True)
        await side.emit("translation.delta", chunk=1, delta="Hello")
        await side.ended()
        await side.socket.close(4429)

    async with scripted(script) as url, Interpreter(url) as session:
        events: list[Event] = []
        with pytest.raises(SessionFailedError, match="slow down") as caught:
            await into(events, session)
    assert [type(event) for event in events] == [TranslationDelta, SessionEnded]
    assert caught.value.code == "too_fast"


async def test_a_gap_in_the_numbers_is_a_fault() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        side.seq += 1
        await side.emit("translation.delta", chunk=1, delta="lost something")
        await side.socket.wait_closed()

    async with scripted(script) as url, Interpreter(url) as session:
        with pytest.raises(ProtocolError, match="missing"):
            await rest(session)


@pytest.mark.parametrize("message", ["{", b"\x00", '{"type": "chunk.final", "seq": 2}'])
async def test_nonsense_is_a_fault(message: str | bytes) -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.socket.send(message)
        await side.socket.wait_closed()

    async with scripted(script) as url, Interpreter(url) as session:
        with pytest.raises(ProtocolError):
            await rest(session)


@pytest.mark.parametrize("changes", [{"limits": {}}, {"limits": {"max_frame_bytes": 0}}])
async def test_a_start_that_cannot_be_used(changes: dict[str, Any]) -> None:
    async def script(side: Side) -> None:
        await side.accept(**changes)
        await side.socket.wait_closed()

    async with scripted(script) as url:
        with pytest.raises(ProtocolError):
            async with Interpreter(url):
                pytest.fail("opened")


async def test_a_server_that_never_starts_a_session() -> None:
    closed = asyncio.Event()

    async def script(side: Side) -> None:
        await side.socket.wait_closed()
        closed.set()

    async with scripted(script) as url:
        with pytest.raises(ConnectError, match="within"):
            async with Interpreter(url, open_timeout_s=0.2):
                pytest.fail("opened")
        await asyncio.wait_for(closed.wait(), 10)


async def test_a_port_that_never_shakes_hands() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        session = Interpreter(f"ws://127.0.0.1:{silent.getsockname()[1]}", open_timeout_s=0.2)
        with pytest.raises(ConnectError, match="within"):
            await session.__aenter__()


async def test_cancelled_while_it_opens() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def script(side: Side) -> None:
        await side.socket.recv()
        asked.set()
        await side.socket.wait_closed()
        closed.set()

    async with scripted(script) as url:
        task = asyncio.ensure_future(Interpreter(url).__aenter__())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 10)


async def test_a_flush_that_is_not_answered() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.socket.wait_closed()

    async with scripted(script) as url, Interpreter(url, flush_timeout_s=0.1) as session:
        with pytest.raises(FlushTimeoutError, match="'a'"):
            await session.flush("a")
        waiting = asyncio.ensure_future(session.flush("b"))
        await asyncio.sleep(0)
        with pytest.raises(SessionStateError, match="'b'"):
            await session.flush("b")
        with pytest.raises(FlushTimeoutError):
            await waiting


async def test_a_server_that_never_ends() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.socket.wait_closed()

    async with scripted(script) as url, Interpreter(url, drain_timeout_s=0.1) as session:
        await session.end()
        with pytest.raises(ConnectionLostError, match="said nothing"):
            await rest(session)


async def test_a_slow_reader_holds_the_server_up_and_loses_no_text() -> None:
    total = 3000

    async def script(side: Side) -> None:
        await side.accept()
        for number in range(1, total + 1):
            await side.emit("transcript.partial", text="x" * 50, start_ms=0, end_ms=number)
            await side.emit("translation.delta", chunk=1, delta="x" * 50)
        await side.message()
        await side.ended()

    async with scripted(script) as url, Interpreter(url, max_events=16) as session:
        await session.end()
        await asyncio.sleep(0.2)
        assert len(session._buffer) <= 16
        events = await rest(session)
    assert sum(isinstance(event, TranslationDelta) for event in events) == total
    partials = [event for event in events if isinstance(event, TranscriptPartial)]
    assert partials[-1].end_ms == total
    assert isinstance(events[-1], SessionEnded)


async def test_the_block_is_left_while_events_pour_in() -> None:
    closed = asyncio.Event()

    async def script(side: Side) -> None:
        await side.accept()
        try:
            while True:
                await side.emit("translation.delta", chunk=1, delta="x" * 1000)
        finally:
            closed.set()

    async with scripted(script) as url:
        async with Interpreter(url, max_events=4) as session:
            await anext(session)
        await asyncio.wait_for(closed.wait(), 10)


async def test_a_server_that_ends_by_itself_in_peace() -> None:
    async def script(side: Side) -> None:
        await side.accept()
        await side.emit(
            "chunk.final", chunk=1, source="好", translation="Good", start_ms=0, end_ms=9
        )
        await side.ended()

    async with scripted(script) as url, Interpreter(url) as session:
        events = await rest(session)
        assert [type(event) for event in events] == [ChunkFinal, SessionEnded]
        with pytest.raises(SessionStateError, match="ended"):
            await session.send(b"ab")


async def test_http_refusals() -> None:
    async def handle(_socket: ServerConnection) -> None:
        pytest.fail("connected")

    for status, error in (
        (401, SessionRefusedError),
        (403, ConnectError),
        (502, ConnectError),
    ):

        def refuse(connection: ServerConnection, _request: object, status: int = status) -> Any:
            return connection.respond(status, "no")

        async with serve(handle, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(error, match=str(status)):
                async with Interpreter(f"ws://127.0.0.1:{port}"):
                    pytest.fail("opened")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("localhost:8000", "ws://localhost:8000/v1/interpret"),
        ("http://localhost:8000/", "ws://localhost:8000/v1/interpret"),
        ("https://a.example", "wss://a.example/v1/interpret"),
        ("wss://a.example/x/y?k=1#f", "wss://a.example/x/y?k=1"),
        ("ws://[::1]:8000", "ws://[::1]:8000/v1/interpret"),
    ],
)
def test_addresses(written: str, meant: str) -> None:
    assert normalise_url(written) == meant


@pytest.mark.parametrize(
    "written", ["", "ftp://a", "ws://", "ws://a:99999", "ws://[::1", "file:///x"]
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ConnectError):
        normalise_url(written)
