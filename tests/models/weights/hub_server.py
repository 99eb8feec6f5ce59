"""A model hub on a loopback socket that can misbehave on demand."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Trouble:
    """What to do with one GET. `break_after` bytes, close; `hang_after` bytes, send no more."""

    status: int = 200
    break_after: int | None = None
    hang_after: int | None = None
    ignore_range: bool = False


class HubServer(ThreadingHTTPServer):
    """Serves `files` by path; a path's troubles befall its next GETs, one each."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.troubles: dict[str, deque[Trouble]] = defaultdict(deque)
        self.seen: list[tuple[str, int]] = []
        self.closing = threading.Event()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def trouble(self, name: str, *troubles: Trouble) -> None:
        """The next GETs of the files called `name` meet these."""
        for path in self.files:
            if path.endswith(f"/{name}"):
                self.troubles[path].extend(troubles)

    def gets(self, name: str) -> list[int]:
        """The first byte asked for by every GET of the files called `name`."""
        return [start for path, start in self.seen if path.endswith(f"/{name}")]


class _Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_HEAD(self) -> None:
        """Only says that somebody is there."""
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        """A file, from the byte asked for, or the trouble that is due."""
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        start = int(asked)
        self.server.seen.append((self.path, start))
        queue = self.server.troubles[self.path]
        trouble = queue.popleft() if queue else Trouble()
        data = self.server.files.get(self.path)
        if data is None or trouble.status != 200:
            self.send_error(404 if data is None else trouble.status)
            return
        if trouble.ignore_range:
            start = 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        limit = trouble.break_after if trouble.hang_after is None else trouble.hang_after
        self.wfile.write(data[start:] if limit is None else data[start : start + limit])
        self.wfile.flush()
        if trouble.hang_after is not None:
            self.server.closing.wait(30)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[HubServer]:
    """A hub for the length of the block."""
    server = HubServer(files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join(10)
        server.server_close()
