"""An open session against a server that our own never is: newer, stuck, wrong, gone."""

from __future__ import annotations

import asyncio

import pytest

from tests.tongchuan.received import into, rest
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
from tongchuan.errors import (
    ClientError,
    ConnectionLostError,
    FlushTimeoutError,
    ProtocolError,
    SessionFailedError,
    SessionStateError,
)


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
    assert closed.is_set()
    assert len(session._buffer) == 0


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


async def test_a_server_that_reads_nothing_does_not_keep_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tongchuan.connect.CLOSE_LIMIT_S", 0.1)
    left = asyncio.Event()

    async def script(side: Side) -> None:
        await side.accept()
        side.stop_reading()
        await left.wait()

    async def fill(session: Interpreter) -> None:
        while True:  # until nothing more goes into the socket
            await session.send(bytes(1 << 20))

    async with scripted(script) as url:
        async with asyncio.timeout(30), Interpreter(url) as session:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(fill(session), 1)
        left.set()
