"""Where a model's files lie, and whether they are known to be right.

A place that was verified carries a stamp: sizes, modification times and hashes of its files at
that moment. While they still agree, the model is ready without a network and without hashing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.weights.config import WeightsConfig
from models.weights.manifest import FileEntry, Model
from models.weights.partial import sha256_of

FileState = Literal["ok", "missing", "damaged", "unverified"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is known of one file. `detail` says what is wrong with it, "" if nothing is."""

    entry: FileEntry
    path: Path
    state: FileState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that holds, or will hold, the files of `model`. `owned`: ours to write to."""

    model: Model
    folder: Path
    stamp: Path
    owned: bool

    @property
    def path(self) -> Path:
        """What an engine opens: the file of a one-file model, else the folder."""
        return self.folder / self.model.files[0].path if self.model.is_file else self.folder

    def is_stamped(self) -> bool:
        """True if the stamp still describes the files. Reads no file of the model."""
        try:
            stamped = json.loads(self.stamp.read_text("utf-8"))
            return bool(stamped == self._signature())
        except (OSError, ValueError):
            return False

    def write_stamp(self) -> None:
        """Remember that all files were found right just now. Does nothing where it cannot write:
        the files are then hashed again at the next start.
        """
        with contextlib.suppress(OSError):
            self.stamp.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.stamp.with_name(f"{self.stamp.name}.{os.getpid()}")
            fresh.write_text(json.dumps(self._signature()), "utf-8")
            os.replace(fresh, self.stamp)

    def remove_stamp(self) -> None:
        """Forget that the files were right."""
        with contextlib.suppress(OSError):
            self.stamp.unlink(missing_ok=True)

    def look(self) -> tuple[FileReport, ...]:
        """A report on each file by its size and the stamp, without hashing."""
        stamped = self.is_stamped()
        return tuple(self._look_at(entry, stamped) for entry in self.model.files)

    def verify(self, on_bytes: Callable[[FileEntry, int], None]) -> tuple[FileReport, ...]:
        """Hash every file of the right size; the stamp is then written, or removed.

        `on_bytes` is told the size of every block hashed, or of a whole file that needs no hashing.
        """
        reports = []
        for entry in self.model.files:
            report = self._look_at(entry, stamped=False)
            if report.state == "unverified":
                report = self._hash(entry, on_bytes)
            else:
                on_bytes(entry, entry.size)
            reports.append(report)
        if all(report.state == "ok" for report in reports):
            self.write_stamp()
        else:
            self.remove_stamp()
        return tuple(reports)

    def _hash(self, entry: FileEntry, on_bytes: Callable[[FileEntry, int], None]) -> FileReport:
        path = self.folder / entry.path
        try:
            found = sha256_of(path, lambda count: on_bytes(entry, count))
        except OSError as error:
            return FileReport(entry, path, "damaged", f"cannot be read: {error}")
        if found == entry.sha256:
            return FileReport(entry, path, "ok")
        detail = f"SHA-256 is {found}, expected {entry.sha256}"
        return FileReport(entry, path, "damaged", detail)

    def _look_at(self, entry: FileEntry, stamped: bool) -> FileReport:
        path = self.folder / entry.path
        try:
            size = path.stat().st_size
        except OSError:
            return FileReport(entry, path, "missing", "missing")
        if size != entry.size:
            return FileReport(
                entry, path, "damaged", f"has {size} bytes, expected {entry.size} bytes"
            )
        return FileReport(entry, path, "ok" if stamped else "unverified")

    def _signature(self) -> dict[str, list[int | str]]:
        signature: dict[str, list[int | str]] = {}
        for entry in self.model.files:
            status = (self.folder / entry.path).stat()
            signature[entry.path] = [status.st_size, status.st_mtime_ns, entry.sha256]
        return signature


def cache_place(model: Model, config: WeightsConfig) -> Place:
    """The model's own folder in the cache. Its stamp lies within, so the cache can be moved."""
    folder = config.root / model.name
    return Place(model, folder, folder / ".verified.json", owned=True)


def local_places(model: Model, config: WeightsConfig) -> tuple[Place, ...]:
    """Folders of the user that hold at least one file of the model; stamps lie in the cache."""
    if "local" not in config.kinds:
        return ()
    found = []
    for base in config.local_dirs:
        for folder in (base / model.name, base):
            if any((folder / entry.path).is_file() for entry in model.files):
                key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
                stamp = config.root / ".local" / f"{model.name}-{key}.json"
                found.append(Place(model, folder, stamp, owned=False))
    return tuple(found)
