"""COMET of a translation, by the `comet-score` command of an installation of its own.

COMET (Rei et al. 2020; wmt22-comet-da: Rei et al. 2022) learned to predict human scores from the
source, the translation and a reference. unbabel-comet needs numpy below 2, which nothing else here
does, so it is called as a command (checked with 2.2.7) that reads three files and writes a fourth.

    scores = comet.score([Triple("你好。", "Hello.", "Hi.")])
    print(bootstrap.interval(bootstrap.mean(scores)))
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from models.errors import TongchuanError

COMMAND = "comet-score"
MODEL = "Unbabel/wmt22-comet-da"
HOW_TO_GET = (
    "COMET goes into an environment of its own, since it needs an older numpy: "
    "python3 -m venv comet && comet/bin/pip install unbabel-comet 'setuptools<81'; "
    "then give --comet comet/bin/comet-score"
)
_NAMES = ("sources.txt", "hypotheses.txt", "references.txt")
_SCORES, _SAID = "scores.json", "said.txt"
_LIMIT_S = 7200.0  # a large model on a CPU takes about a second a segment
_LINES = 6  # of what it said, at its end
_NO_MODEL = (
    "not supported by COMET",
    "Invalid checkpoint path",
    "hparams.yaml file is missing",
    "couldn't connect to",
    "outgoing traffic has been disabled",
)
"""What it says, in one place or another, when a model's files are not there."""


class CometError(TongchuanError):
    """COMET is not there, failed, or gave something else than scores. Says what to do."""


@dataclass(frozen=True, slots=True)
class Triple:
    """What is scored. The hypothesis may be empty."""

    source: str
    hypothesis: str
    reference: str


def score(
    triples: Sequence[Triple],
    *,
    command: str = COMMAND,
    model: str = MODEL,
    gpus: int = 0,
    limit_s: float = _LIMIT_S,
) -> list[float]:
    """A score for each, in order; wmt22-comet-da's lie between 0 and 1 or near it.

    command: a name on PATH, or a file. model: a name that COMET can fetch, or a .ckpt file. gpus: 0
    for the CPU. limit_s: for all of it, loading included.
    Raises CometError.
    """
    for number, triple in enumerate(triples, 1):
        if not triple.source.strip() or not triple.reference.strip():
            raise CometError(
                f"segment {number} of {len(triples)} has no source or no reference; "
                "COMET needs both: leave it out"
            )
    program = _program(command)
    if not triples:
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [[" ".join(text.split()) for text in column] for column in _columns(triples)]
        for file, lines in zip(_NAMES, texts, strict=True):
            (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        _run([program, *_arguments(model, gpus)], folder, model, limit_s)
        return _scores(folder / _SCORES, texts[1])


def _program(command: str) -> str:
    """As an absolute path, because the command runs in another folder."""
    found = shutil.which(command)
    if found is None:
        raise CometError(f"there is no command {command!r}. {HOW_TO_GET}")
    return str(Path(found).absolute())


def _columns(triples: Sequence[Triple]) -> list[Sequence[str]]:
    return list(zip(*(astuple(triple) for triple in triples), strict=True))


def _arguments(model: str, gpus: int) -> list[str]:
    sources, hypotheses, references = _NAMES
    file = Path(model)
    return [
        *("-s", sources, "-t", hypotheses, "-r", references),
        *("--model", str(file.absolute()) if file.is_file() else model),
        *("--gpus", str(gpus), "--quiet", "--only_system", "--to_json", _SCORES),
    ]


def _run(command: Sequence[str], folder: Path, model: str, limit_s: float) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with (folder / _SAID).open("wb") as said:
        try:
            # A session of its own, to end its data loaders with it.
            process = subprocess.Popen(
                command, cwd=folder, env=kept, stdin=subprocess.DEVNULL,
                stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise CometError(f"{command[0]} does not start: {error}. {HOW_TO_GET}") from None
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise CometError(
                f"COMET was not done after {limit_s:g} s; give fewer recordings, or a GPU"
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code or not (folder / _SCORES).is_file():
        text = (folder / _SAID).read_text(encoding="utf-8", errors="replace")
        raise CometError(_failure(text, model, code))


def _failure(said: str, model: str, code: int) -> str:
    end = "\n".join(said.strip().splitlines()[-_LINES:])
    if any(words in said for words in _NO_MODEL):
        return (
            f"COMET has no model {model!r} here and could not fetch it (it comes from the "
            "Hugging Face hub at its first use). Run comet-score once where there is a network and "
            f"keep its cache, or name a .ckpt file with --comet-model. It said:\n{end}"
        )
    if "ModuleNotFoundError" in said or "ImportError" in said:
        return f"the installation of COMET is broken. {HOW_TO_GET}. It said:\n{end}"
    return f"COMET failed with code {code}:\n{end}"


def _scores(path: Path, hypotheses: Sequence[str]) -> list[float]:
    """From its JSON: a list for each file of translations, with `mt` and `COMET` in each item."""
    try:
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        ((_, rows),) = body.items()
        found = [(str(row["mt"]), float(row["COMET"])) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CometError(
            f"COMET wrote no scores that can be read ({type(error).__name__}: {error}); "
            "is this unbabel-comet 2?"
        ) from None
    if len(found) != len(hypotheses):
        raise CometError(f"COMET gave {len(found)} scores for {len(hypotheses)} segments")
    if [text for text, _ in found] != list(hypotheses):
        raise CometError("COMET gave the segments back in another order, or changed")
    values = [value for _, value in found]
    if not all(math.isfinite(value) for value in values):
        raise CometError("COMET gave a score that is no number; try --comet-model with another one")
    return values
