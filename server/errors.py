"""What a client can do wrong, as branches of the one exception tree."""

from __future__ import annotations

from models.errors import TongchuanError


class BadMessageError(TongchuanError):
    """A message that cannot be read. Names the field and what it accepts.

    code: the wire's error code, see `server.wire.CODES`.
    field: path of the field, e.g. "audio.sample_rate" or "terms[3].source"; "" for the whole.
    """

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field
