"""What the client raises. Free of models: a client needs none of them installed."""

from __future__ import annotations

from models.errors import TongchuanError


class ClientError(TongchuanError):
    """Anything that goes wrong between a client and a server."""


class ConnectError(ClientError):
    """No WebSocket could be opened: nothing listens there, a wrong address, a time limit."""


class SessionRefusedError(ClientError):
    """The server answered, and refused the session. `code` is the server's word for why."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class ServerFullError(SessionRefusedError):
    """No free slot, or the models still load. Try again after `retry_after_s` (None when the
    server gave no figure)."""

    def __init__(
        self, message: str, retry_after_s: float | None = None, code: str = "no_free_slot"
    ) -> None:
        super().__init__(message, code)
        self.retry_after_s = retry_after_s


class SessionFailedError(ClientError):
    """The server ended a running session with a fatal error. `code` is its word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class ConnectionLostError(ClientError):
    """The connection ended before the session did. `close_code` is None when none was sent."""

    def __init__(self, message: str, close_code: int | None = None) -> None:
        super().__init__(message)
        self.close_code = close_code


class ProtocolError(ClientError):
    """One of the two sides broke the wire contract."""


class FlushTimeoutError(ClientError):
    """The server did not answer `flush` in time."""


class SessionStateError(ClientError):
    """The session cannot do this now: not opened yet, already ended."""


class AudioFileError(TongchuanError):
    """An input that is missing, empty, or not audio. Names it."""


class OutputError(TongchuanError):
    """A file that cannot be written. Names it."""
