"""How the client opens a session, and every way in which that comes to nothing."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.tongchuan.received import rest
from tests.tongchuan.scripted import Side, scripted
from tongchuan import Interpreter, SessionEnded
from tongchuan.errors import (
    ClientError,
    ConnectError,
    ConnectionLostError,
    ProtocolError,
    ServerFullError,
    SessionRefusedError,
)


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
