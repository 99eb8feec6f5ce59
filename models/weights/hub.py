"""Files from the model hub by HTTP, continued where they broke off.

The protocol is `GET {endpoint}/{repo}/resolve/{revision}/{file}` with `Range`. Which bytes are
right is decided by the manifest's hash alone, so no ETag is kept.
"""

from __future__ import annotations

import threading
import time

import httpx

from models.weights.config import WeightsConfig
from models.weights.failures import SourceFailedError
from models.weights.job import Job
from models.weights.manifest import FileEntry, HubSource
from models.weights.partial import Partial

TRIES = 3
"""Tries in a row that bring no byte before a file is given up."""
PAUSE_S = 0.5
"""Pause before going on; doubles with each try in a row that brought nothing."""
_REMEMBER_S = 300.0
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_ADVICE = "check the network or proxy, or set HF_ENDPOINT to a mirror of the hub"


class Reachability:
    """Remembers hubs that could not be reached, so that each is waited for once a run."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._down: dict[str, tuple[float, str]] = {}

    def check(self, endpoint: str) -> None:
        """Raise SourceFailedError if `endpoint` was down a short while ago."""
        with self._guard:
            since, reason = self._down.get(endpoint, (float("-inf"), ""))
        if time.monotonic() - since < _REMEMBER_S:
            raise SourceFailedError(reason, _ADVICE)

    def down(self, endpoint: str, reason: str) -> SourceFailedError:
        """Remember it, and the error to raise."""
        text = f"{endpoint} cannot be reached: {reason}"
        with self._guard:
            self._down[endpoint] = (time.monotonic(), text)
        return SourceFailedError(text, _ADVICE)

    def forget(self) -> None:
        """Try all hubs again."""
        with self._guard:
            self._down.clear()


reachability = Reachability()


class HubFetcher:
    """Fetches the missing files of a job from one repository of the hub."""

    def __init__(self, source: HubSource, config: WeightsConfig) -> None:
        self._source = source
        self._endpoint = config.hub_endpoint.rstrip("/")
        self._connect_s = config.hub_connect_timeout_s
        self._timeout = httpx.Timeout(
            config.hub_read_timeout_s, connect=config.hub_connect_timeout_s
        )

    def fetch(self, job: Job) -> None:
        """Land every missing file. Raises SourceFailedError, StalePartialError, OSError."""
        reachability.check(self._endpoint)
        first = next(iter(job.missing.values()))
        self._probe(self._url(first))
        job.require_space(0)
        with httpx.Client(timeout=self._timeout, follow_redirects=True) as client:
            for entry in tuple(job.missing.values()):
                with job.partial(entry) as partial:
                    self._fill(client, partial, job)
                    job.land(partial)

    def _url(self, entry: FileEntry) -> str:
        source = self._source
        return f"{self._endpoint}/{source.repo}/resolve/{source.revision}/{entry.path}"

    def _probe(self, url: str) -> None:
        """Give up within the connect limit. In a thread, because looking up a name has no limit."""
        settled = threading.Event()
        failures: list[str] = []

        def trace(event: str, _: object) -> None:
            if event.endswith("connect_tcp.complete"):
                settled.set()

        def attempt() -> None:
            try:
                with httpx.Client(timeout=self._timeout) as client:
                    client.head(url, extensions={"trace": trace})
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                failures.append(str(error) or type(error).__name__)
            finally:
                settled.set()

        threading.Thread(target=attempt, name="hub-probe", daemon=True).start()
        if not settled.wait(self._connect_s):
            raise reachability.down(self._endpoint, f"no answer within {self._connect_s:g} s")
        if failures:
            raise reachability.down(self._endpoint, failures[0])

    def _fill(self, client: httpx.Client, partial: Partial, job: Job) -> None:
        idle = 0
        while partial.size < partial.entry.size:
            before = partial.size
            reason = self._attempt(client, partial, job)
            if partial.size == partial.entry.size:
                return
            idle = 0 if partial.size > before else idle + 1
            if idle >= TRIES:
                raise SourceFailedError(reason, _ADVICE)
            time.sleep(PAUSE_S * 2**idle)

    def _attempt(self, client: httpx.Client, partial: Partial, job: Job) -> str:
        """Stream once; why it ended, should the file not be complete."""
        name = partial.entry.path
        try:
            self._stream(client, partial, job)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise reachability.down(self._endpoint, str(error) or "no connection") from error
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            return f"{name}: {str(error) or type(error).__name__}"
        return f"{name} broke off after {partial.size} bytes"

    def _stream(self, client: httpx.Client, partial: Partial, job: Job) -> None:
        """One request from where the file ends now. What arrives stays, whatever happens."""
        headers = {"Accept-Encoding": "identity"}
        if partial.size:
            headers["Range"] = f"bytes={partial.size}-"
        with client.stream("GET", self._url(partial.entry), headers=headers) as response:
            self._check(response, partial)
            for block in response.iter_bytes():
                partial.append(block)
                job.grown(partial.entry.path, partial.size)

    def _check(self, response: httpx.Response, partial: Partial) -> None:
        entry, status = partial.entry, response.status_code
        if status in _TRANSIENT:
            response.raise_for_status()
        if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.cut(0)
            response.raise_for_status()
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise SourceFailedError(
                f"{self._source.repo}@{self._source.revision[:8]} answers {status} "
                f"{response.reason_phrase} for {entry.path}"
            )
        start = _range_start(response) if status == httpx.codes.PARTIAL_CONTENT else 0
        if start != partial.size:
            partial.cut(0)
            if start:
                raise SourceFailedError(f"{entry.path}: the hub sent a range nobody asked for")
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and start + int(length) != entry.size:
            raise SourceFailedError(
                f"{entry.path} has {start + int(length)} bytes there, expected {entry.size}"
            )


def _range_start(response: httpx.Response) -> int:
    """First byte of `Content-Range: bytes 5-9/10`; -1 if there is none."""
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(start) if start.isdigit() else -1
