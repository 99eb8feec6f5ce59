"""What is left to fetch of one model, where it goes, and how far it is."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from models.weights.failures import too_little_space
from models.weights.manifest import FileEntry
from models.weights.partial import Partial
from models.weights.places import FileReport, Place
from models.weights.progress import Progress

_SPARE_BYTES = 16 << 20


class Job:
    """The missing files of `place`. Sources append to partials and land them.

    Progress may be reported from several threads; it is passed on from one at a time.
    """

    def __init__(self, place: Place, reports: tuple[FileReport, ...], progress: Progress) -> None:
        self.model = place.model
        self.place = place
        self.staging = place.folder.parent / f".{place.model.name}.fetching"
        self.missing = {r.entry.path: r.entry for r in reports if r.state != "ok"}
        self.progress = progress
        self._guard = threading.Lock()
        self._in_flight: dict[str, int] = {}
        self._done = {
            entry.path: self._on_disk(entry) if entry.path in self.missing else entry.size
            for entry in self.model.files
        }

    def partial(self, entry: FileEntry) -> Partial:
        """The growing file of `entry`, with what an earlier try left."""
        return Partial(entry, self.staging)

    def land(self, partial: Partial) -> None:
        """Verify and move to its place. Raises as `Partial.land` does."""
        partial.land(self.place.folder / partial.entry.path)
        self.missing.pop(partial.entry.path)

    def grown(self, file: str, size: int) -> None:
        """`file` now has `size` bytes."""
        with self._guard:
            self._done[file] = size
            self._tell(file)

    def arriving(self, label: str, count: int) -> None:
        """`count` bytes of `label`, a part of the model, have arrived and are not joined yet."""
        with self._guard:
            self._in_flight[label] = count
            self._tell(label)

    def arrived(self, label: str, sizes: dict[str, int]) -> None:
        """`label` has been joined: its files now have these sizes."""
        with self._guard:
            self._in_flight.pop(label, None)
            self._done.update(sizes)
            self._tell(label)

    def require_space(self, extra_bytes: int) -> None:
        """Raise SourceFailedError if the disk cannot hold what is left and `extra_bytes` more."""
        left = sum(entry.size - self._on_disk(entry) for entry in self.missing.values())
        needed = left + extra_bytes + _SPARE_BYTES
        self.place.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.place.folder).free
        if free < needed:
            raise too_little_space(needed, free, self.place.folder.parent)

    def clear(self) -> None:
        """Remove the staging folder once nothing is missing."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def _tell(self, label: str) -> None:
        total = sum(self._done.values()) + sum(self._in_flight.values())
        self.progress.update(label, min(total, self.model.size))

    def _on_disk(self, entry: FileEntry) -> int:
        path: Path = self.partial(entry).path
        try:
            return min(path.stat().st_size, entry.size)
        except OSError:
            return 0
