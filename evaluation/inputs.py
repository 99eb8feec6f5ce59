"""What may be measured: a folder of `NAME.flac` and `NAME.json`, RealSI, anybody's manifest."""

from __future__ import annotations

from pathlib import Path

from evaluation import manifest, realsi, recordings
from evaluation.recordings import Loaded, Recording, RecordingError

_HERE = Path(__file__).resolve().parent.parent
FOLDERS = (_HERE.parent / "shared" / "realsi-dev", _HERE / "tests" / "data")
"""Where recordings are looked for when nothing is named."""
KINDS = (
    "a folder of NAME.flac and NAME.json, a checkout of RealSI (with data/zh2en/json), or a "
    "manifest (see evaluation/manifest.py)"
)
"""What `load` takes, for people."""


def named(path: Path | None) -> Path:
    """`path`, or the first of FOLDERS that is there."""
    return path or next((known for known in FOLDERS if known.is_dir()), FOLDERS[-1])


def load(path: Path, only: str = "", audio: Path | None = None) -> Loaded:
    """The recordings at `path` whose id starts with `only`, and what is wrong with others.

    path: a manifest; or a folder: RealSI's repository, else `NAME.flac` and `NAME.json`.
    audio: RealSI's recordings, when they are not where its own script puts them.
    Raises RecordingError when there is nothing to measure.
    """
    found = _load(path, only, audio)
    if found.recordings:
        return found
    reasons = list(found.problems)
    if only:
        usable = ", ".join(recording.id for recording in _load(path, "", audio).recordings)
        reasons.append(f"no usable id starts with {only!r}; there are: {usable or 'none'}")
    raise RecordingError(f"nothing to measure in {path}: {'; '.join(reasons)}")


def _load(path: Path, only: str, audio: Path | None) -> Loaded:
    if not path.exists():
        raise RecordingError(f"there is no folder or file {path}; name {KINDS}")
    if path.is_dir() and realsi.is_checkout(path):
        return realsi.load(path, audio, only)
    if audio is not None:
        raise RecordingError(
            f"{path} names its own audio; a folder of recordings ({audio}) is for RealSI only"
        )
    return _folder(path, only) if path.is_dir() else manifest.load(path, only)


def _folder(folder: Path, only: str) -> Loaded:
    """The development recordings."""
    notes = recordings.notes(folder)
    if not notes:
        raise RecordingError(f"{folder} holds no recordings; name {KINDS}")
    kept: list[Recording] = []
    problems: list[str] = []
    for note in notes:
        try:
            recording = recordings.load(note)
        except RecordingError as error:
            problems.append(str(error))
        else:
            kept.append(recording)
    chosen = tuple(recording for recording in kept if recording.id.startswith(only))
    return Loaded(chosen, tuple(problems))
