"""Opening the WebSocket: the address, the handshake, and why it failed, in words."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
)
from websockets.typing import Subprotocol

from tongchuan.errors import (
    ClientError,
    ConnectError,
    ConnectionLostError,
    ProtocolError,
    ServerFullError,
    SessionFailedError,
    SessionRefusedError,
)
from tongchuan.events import ErrorEvent

PATH = "/v1/interpret"
SUBPROTOCOL = Subprotocol("tongchuan.v1")
CLOSE_LIMIT_S = 2.0
MAX_EVENT_BYTES = 2**20
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

CLOSE_CODES = {
    1001: "the server is going away",
    1011: "the server failed",
    1012: "the server is restarting: connect again",
    1013: "the server has no free slot: try again later",
    4400: "the server found a message that breaks the contract",
    4401: "not authorised: pass the server's API key",
    4408: "the server heard nothing for too long",
    4413: "a frame was over the server's limit",
    4429: "audio came faster than real time for longer than the server buffers",
}


def normalise_url(url: str) -> str:
    """The WebSocket address for what a person writes: `localhost:8000`, `http://…`, `wss://…/path`.

    Without a path it is `/v1/interpret`. Raises ConnectError for what cannot be an address.
    """
    try:
        parts = urlsplit(url if "://" in url else f"ws://{url}")
        scheme, host, _port = _SCHEMES.get(parts.scheme.lower()), parts.hostname, parts.port
    except ValueError as error:
        raise ConnectError(f"{url!r} is not an address: {error}") from None
    if scheme is None or not host:
        raise ConnectError(f"{url!r} is not an address; write ws://HOST:PORT or wss://HOST:PORT")
    path = parts.path if parts.path not in ("", "/") else PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


async def open_connection(url: str, api_key: str | None) -> ClientConnection:
    """The open WebSocket at `url` (already normalised). The caller limits the time.

    Raises ConnectError, or SessionRefusedError when the server answered 401.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else None
    try:
        return await connect(
            url,
            subprotocols=[SUBPROTOCOL],
            additional_headers=headers,
            compression=None,  # audio does not compress, events are small
            proxy=None if urlsplit(url).hostname in _LOOPBACK else True,
            open_timeout=None,
            close_timeout=CLOSE_LIMIT_S,
            max_size=MAX_EVENT_BYTES,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status == 401:
            raise SessionRefusedError(
                f"{url} answered HTTP 401: {CLOSE_CODES[4401]}", code="unauthorised"
            ) from error
        raise ConnectError(
            f"{url} answered HTTP {status} instead of a WebSocket; is the path {PATH}?"
        ) from error
    except (InvalidURI, InvalidProxy, InvalidHandshake) as error:
        raise ConnectError(f"{url} does not speak WebSocket: {error}") from error
    except ConnectionClosed as error:
        raise ConnectError(f"{url} hung up in the handshake") from error
    except (OSError, EOFError) as error:
        raise ConnectError(
            f"cannot connect to {url}: {error}; start a server with `tongchuan serve`"
        ) from error


def refusal(event: ErrorEvent) -> SessionRefusedError:
    """The exception for an `error` that came instead of `session.started`."""
    if event.retry_after_s is not None:
        return ServerFullError(
            f"the server takes no session now, come back in {event.retry_after_s:g} s: "
            f"{event.message}",
            event.retry_after_s,
            event.code,
        )
    return SessionRefusedError(f"the server refused the session: {event.message}", event.code)


def failure(event: ErrorEvent) -> SessionFailedError:
    """The exception for a fatal `error` in a running session."""
    return SessionFailedError(f"the server ended the session: {event.message}", event.code)


def closed(error: ConnectionClosed, *, started: bool) -> ClientError:
    """The exception for a socket that closed before the session was over."""
    frame = error.rcvd
    if frame is None:
        return ConnectionLostError("the connection to the server was lost without a word")
    reason = f" ({frame.reason})" if frame.reason else ""
    words = CLOSE_CODES.get(frame.code, "the server closed the connection")
    message = f"{words}{reason}, close code {frame.code}"
    if frame.code == 4400:
        return ProtocolError(message)
    if not started and frame.code == 1013:
        return ServerFullError(message)
    if not started and (frame.code == 4401 or frame.code == 1008):
        return SessionRefusedError(message, code="unauthorised")
    if started and frame.code in (4408, 4413, 4429):
        return SessionFailedError(message, code=str(frame.code))
    return ConnectionLostError(message, close_code=frame.code)


async def close(connection: ClientConnection) -> None:
    """Close it within a limit, also when the other side reads nothing.

    The close frame then waits behind what was sent before, and so do the library's own limits.
    """
    try:
        async with asyncio.timeout(2 * CLOSE_LIMIT_S):
            await connection.close()
    except TimeoutError:
        connection.transport.abort()
        await connection.wait_closed()
