"""The one exception tree. `server.wire` maps it to wire codes; the command line to exit codes."""

from __future__ import annotations


class TongchuanError(Exception):
    """Anything this project raises on purpose. The message says what is wrong and what to do."""


class ConfigError(TongchuanError):
    """A setting is missing or has a value that cannot be used. Names the key."""


class WeightsError(TongchuanError):
    """Model files are missing, damaged or cannot be fetched. Names the file and the source."""


class AudioFormatError(TongchuanError):
    """An encoding, rate or channel count that is not supported. Names the accepted values."""


class EngineError(TongchuanError):
    """A model failed while it worked. The session may retry once."""


class EngineBusyError(EngineError):
    """The engine's queue is full; the work was not taken."""


class ChannelClosedError(TongchuanError):
    """Something was sent into a channel after it was closed."""
