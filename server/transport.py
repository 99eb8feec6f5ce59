"""uvicorn's WebSocket transport, with our close code for huge frames and an end for dead peers."""

from __future__ import annotations

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode as LibraryCode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from server.connection import ABORT
from server.wire import CloseCode

_LINGER_S = 2.0


class _FrameProtocol(ServerProtocol):
    """Says 4413 where the library says 1009: one code for a frame over the limit."""

    def fail(self, code: LibraryCode | int, reason: str = "") -> None:
        if code == LibraryCode.MESSAGE_TOO_BIG:
            code, reason = int(CloseCode.TOO_LARGE), "frame_too_large"
        super().fail(code, reason)


class Transport(WebSocketsSansIOProtocol):
    """Frames over uvicorn's `ws_max_size` are refused by their header, before they are read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        log = logging.getLogger("uvicorn.error")
        self.conn = _FrameProtocol(extensions=[], max_size=self.config.ws_max_size, logger=log)
        self.close_timeout = _LINGER_S

    def handle_connect(self, event: Request) -> None:
        """Open the session; the application gets a way to drop the socket."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][ABORT] = {"call": self.transport.abort}

    def handle_parser_exception(self) -> None:
        """Say why, then go on reading for a moment.

        Closing on unread bytes resets the connection, and the close frame could be lost.
        """
        if self.close_sent:
            return
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            self.transport.write_eof()  # a peer that has read the close hangs up by itself
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def keepalive_timeout(self) -> None:
        """The peer does not answer pings: it will not take a close frame either."""
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        """Run the application; after it, a peer that reads nothing is dropped in the end."""
        await super().run_asgi()
        self.loop.call_later(2 * self.close_timeout, self.transport.abort)
