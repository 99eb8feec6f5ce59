"""Saved logs and what they are of: what the commands that hear nothing again start from."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from evaluation import log
from evaluation.inputs import load
from evaluation.log import LogError, SessionLog
from evaluation.offline import Offline
from evaluation.recordings import Recording
from models.errors import TongchuanError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Saved:
    """A recording, the log of its first session, and its offline run where that was saved."""

    recording: Recording
    log: SessionLog
    offline: Offline | None = None


def parser(description: str) -> argparse.ArgumentParser:
    """Of a command on saved logs: FOLDER LOGS, --only, --profile, --out. The rest is its own."""
    made = argparse.ArgumentParser(description=description.partition("\n")[0])
    made.add_argument("recordings", type=Path, help="what was streamed, as for tongchuan eval")
    made.add_argument("logs", type=Path, help="folder that `--logs` left of one system")
    made.add_argument("--only", default="zh2en", help="ids that start so (zh2en)")
    made.add_argument("--profile", default="embedded", help="models and their settings")
    made.add_argument("--out", type=Path, help="figures as JSON")
    return made


def saved(args: argparse.Namespace) -> list[Saved]:
    """What the arguments name: of each recording that was streamed.

    Raises RecordingError, and LogError when no log is there or one cannot be used.
    """
    found = []
    for recording in load(args.recordings, args.only).recordings:
        path = args.logs / f"{recording.id}.1.json"
        if path.exists():
            offline = args.logs / f"{recording.id}.offline.json"
            found.append(Saved(recording, log.load(path), _offline(offline)))
    if not found:
        raise LogError(
            f"{args.logs} has no NAME.1.json of the recordings; name a folder that "
            "tongchuan eval --logs wrote (of several systems: one of its folders)"
        )
    return found


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it; what goes wrong in it ends the program with its message."""
    try:
        return asyncio.run(work)
    except TongchuanError as error:
        raise SystemExit(str(error)) from None


def save_offline(offline: Offline, folder: Path) -> None:
    """Beside the logs of its recording."""
    text = json.dumps(asdict(offline), ensure_ascii=False, indent=1)
    (folder / f"{offline.recording}.offline.json").write_text(text, encoding="utf-8")


def save_figures(args: argparse.Namespace, figures: Mapping[str, object]) -> None:
    """To --out, if it was given, with the arguments that name no place on this machine."""
    if args.out:
        told = {key: value for key, value in vars(args).items() if not isinstance(value, Path)}
        body = {"arguments": told, **figures}
        args.out.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")


def _offline(path: Path) -> Offline | None:
    if not path.exists():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        texts = (tuple(map(str, body[key])) for key in ("sources", "targets", "remembered"))
        return Offline(str(body["recording"]), *texts)
    except (ValueError, TypeError, LookupError) as error:
        raise LogError(f"{path} is no saved offline run: {error!r}") from None
