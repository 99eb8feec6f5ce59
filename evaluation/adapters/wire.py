"""A WebSocket to a server that is not ours: 16-bit samples go, JSON objects come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from evaluation.conversation import ReplayError
from tongchuan.connect import CLOSE_LIMIT_S, close

OPEN_LIMIT_S = 15.0
MAX_MESSAGE_BYTES = 4 * 2**20
"""WhisperLiveKit sends all of its text again and again; an hour of speech is below 200 KB."""

_TOLD = 200  # characters of what a server sent that go into a message
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TOO_BIG = 1009

Message = Mapping[str, Any]


def query(name: str, url: str) -> dict[str, str]:
    """What the query of `url` says. Raises ReplayError, naming the recording `name`."""
    try:
        return dict(parse_qsl(urlsplit(url).query))
    except ValueError as error:
        raise ReplayError(f"{name}: {_bare(url)} is no address: {error}") from None


class Wire:
    """One session (`evaluation.conversation.Session`) of the recording `name` at `url`, which is
    ws://… or wss://… with its path.

    greeting: text sent before the audio. farewell: sent after it, as text or bytes. last: whether
    a message is the session's last one. Samples go as s16le, 16 kHz, mono.

    Raises ReplayError, naming the recording, when the server cannot be reached or refuses, sends
    what is no JSON object or more than MAX_MESSAGE_BYTES at once, or closes before the last
    message; also when that comes before the audio is over.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        farewell: str | bytes,
        last: Callable[[Message], bool],
        greeting: str | None = None,
    ) -> None:
        self._name = name
        self._url = url
        self._greeting = greeting
        self._farewell = farewell
        self._last = last
        self._connection: ClientConnection | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        bare = _bare(self._url)
        try:
            self._connection = await connect(
                self._url,
                compression=None,
                proxy=None if urlsplit(self._url).hostname in _LOOPBACK else True,
                open_timeout=OPEN_LIMIT_S,
                close_timeout=CLOSE_LIMIT_S,
                max_size=MAX_MESSAGE_BYTES,
                # Simulstream reads nothing while it works, pings neither.
                ping_interval=None,
            )
        except InvalidStatus as error:
            raise self._failure(
                f"{bare} answered HTTP {error.response.status_code} instead of a WebSocket; "
                "is its path right?"
            ) from None
        except (OSError, EOFError, ValueError, WebSocketException) as error:
            why = str(error).replace(self._url, bare)
            raise self._failure(f"cannot connect to {bare}: {why}") from None
        if self._greeting is not None:
            try:
                await self._say(self._greeting)
            except BaseException:  # also when cancelled: the socket must not outlive us
                await close(self._opened)
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await close(self._opened)

    async def send(self, data: NDArray[np.int16]) -> None:
        """See `Ears`."""
        await self._say(data.astype("<i2").tobytes())

    async def end(self) -> None:
        """See `Ears`."""
        self._ended = True
        await self._say(self._farewell)

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            message = await self._next()
            done = self._last(message)
            if done and not self._ended:
                raise self._failure("the server ended the session before the audio was over")
            yield message
            if done:
                return

    @property
    def _opened(self) -> ClientConnection:
        assert self._connection is not None
        return self._connection

    async def _say(self, frame: str | bytes) -> None:
        try:
            await self._opened.send(frame)
        except ConnectionClosed as closed:
            raise self._closed(closed) from None

    async def _next(self) -> Message:
        try:
            frame = await self._opened.recv()
        except ConnectionClosed as closed:
            raise self._closed(closed) from None
        try:
            message = json.loads(frame) if isinstance(frame, str) else None
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise self._failure(f"the server sent what is no JSON object: {frame[:_TOLD]!r}")
        return message

    def _closed(self, closed: ConnectionClosed) -> ReplayError:
        if closed.sent is not None and closed.sent.code == _TOO_BIG:
            return self._failure(f"the server sent a message of over {MAX_MESSAGE_BYTES} bytes")
        frame = closed.rcvd or closed.sent
        why = f"code {frame.code} {frame.reason}".rstrip() if frame else "without a word"
        return self._failure(f"the connection closed before the session was over ({why})")

    def _failure(self, words: str) -> ReplayError:
        return ReplayError(f"{self._name}: {words}")


def _bare(url: str) -> str:
    """Without its query, where a key may stand."""
    return url.partition("?")[0]
