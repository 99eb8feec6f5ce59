"""The process: uvicorn with our limits, and a shutdown that finishes what is owed."""

from __future__ import annotations

import asyncio
import copy
import logging
import re
import socket
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from models.errors import ConfigError, TongchuanError
from models.interpreter import InterpreterBackend
from server.app import create_app
from server.config import Limits, Settings
from server.hub import Hub
from server.transport import Transport

logger = logging.getLogger("tongchuan.server")

_BACKLOG = 128
_KEY = re.compile(r"(access_token=)[^&\s\"]+")
_STOP_S = 5  # for plain HTTP requests once the sessions are gone


class Redact(logging.Filter):
    """Keeps keys that clients put into the address out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace `access_token=…` in the record; lets every record pass."""
        message = record.getMessage()
        if "access_token=" in message:
            record.msg, record.args = _KEY.sub(r"\1…", message), None
            record.__dict__.pop("color_message", None)
        return True


class Server(uvicorn.Server):
    """Sets `listening` once it accepts connections; drains sessions before it stops."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._hub = hub
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the sessions finish within `drain_timeout_s`; a second signal stops at once."""
        self._draining = asyncio.ensure_future(self._hub.drain())
        if self.force_exit:
            self._draining.cancel()
        await asyncio.wait([self._draining])
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: stop; a second one: do not wait for the sessions.

        Unlike uvicorn's own, the signal is not raised again at the end: a stop that was asked
        for and went well is a success.
        """
        if self.should_exit:
            self.force_exit = True
            if self._loop is not None and self._draining is not None:
                self._loop.call_soon_threadsafe(self._draining.cancel)
        self.should_exit = True


def build(app: FastAPI, settings: Settings, *, configure_logging: bool = True) -> Server:
    """The server for an application of `server.app.create_app`."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=Transport,
        ws_max_size=library_frame_bytes(settings.limits),
        ws_per_message_deflate=False,  # audio does not compress; captions are short
        lifespan="on",
        access_log=False,
        server_header=False,
        log_config=_log_config() if configure_logging else None,
        timeout_graceful_shutdown=_STOP_S,
    )
    return Server(config, app.state.hub)


def library_frame_bytes(limits: Limits) -> int:
    """Frames up to here are read whole and answered with an `error` first; longer ones are
    refused by their header alone. Both close with 4413."""
    return 2 * max(limits.max_frame_bytes, limits.max_text_bytes)


def listen(settings: Settings) -> socket.socket:
    """A socket that listens on the configured address. Raises ConfigError that names it."""
    host, port = settings.host, settings.port
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        dual = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=dual
        )
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; set HOST or PORT"
        ) from error


def run(settings: Settings, backend: InterpreterBackend) -> None:
    """Serve until SIGINT or SIGTERM, then drain and return.

    Raises the TongchuanError that kept the models from starting, and ConfigError when the
    address cannot be used.
    """
    failures: list[TongchuanError] = []

    def on_failure(error: TongchuanError) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(settings, backend, on_failure=on_failure)
    server = build(app, settings)
    with listen(settings) as listener:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        logger.info("serving on http://%s:%d", shown, port)
        server.run(sockets=[listener])
    if failures:
        raise failures[0]


def _log_config() -> dict[str, Any]:
    """uvicorn's own, with our logger beside it and keys left out."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"redact": {"()": "server.serve.Redact"}}
    config["handlers"]["default"]["filters"] = ["redact"]
    config["loggers"]["tongchuan"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
