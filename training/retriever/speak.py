"""Step 2: `python -m training.retriever.speak FOLDER`: the plans spoken, into FOLDER/speech/.

In the environment of the voices. What is there already is not spoken again, so it may be stopped
and started; `--only VOICE-SPLIT …` speaks some plans.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from training.retriever.recipe import RATE
from training.retriever.speech import IN_SHARD, Spoken, save, shard_path
from training.retriever.voices import Voice, voice


def main() -> None:
    """All plans, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="VOICE-SPLIT")
    words = parser.parse_args()
    names = words.only or sorted(path.stem for path in (words.folder / "plan").glob("*.jsonl"))
    for name in names:
        _speak_plan(words.folder, name)


def _speak_plan(folder: Path, name: str) -> None:
    lines = (folder / "plan" / f"{name}.jsonl").read_text("utf-8").splitlines()
    speaker: Voice | None = None
    for number, start in enumerate(range(0, len(lines), IN_SHARD)):
        path = shard_path(folder, name, number)
        if path.exists():
            continue
        speaker = speaker or voice(name.rpartition("-")[0])
        save(path, [spoken(speaker, json.loads(line)) for line in lines[start : start + IN_SHARD]])


def spoken(speaker: Voice, line: dict[str, Any]) -> Spoken:
    """One line of a plan, with pauses of 0.05 to 0.45 s between its clauses."""
    chance = random.Random(line["seed"])
    pieces = [_silence(chance.uniform(0.05, 0.3))]
    clauses: list[tuple[int, int]] = []
    at = len(pieces[0])
    try:
        for words in line["clauses"]:
            said = np.rint(speaker.say(words, chance) * 32767).astype(np.int16)
            pause = _silence(chance.uniform(0.05, 0.45))
            clauses.append((at, at + len(said)))
            pieces += [said, pause]
            at += len(said) + len(pause)
    except (KeyError, IndexError) as error:  # a syllable that this voice does not have
        print(f"left out: {error!r} in {line['clauses']}", flush=True)  # noqa: T201
        return Spoken(pieces[0], ())
    return Spoken(np.concatenate(pieces), tuple(clauses))


def _silence(seconds: float) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.zeros(round(seconds * RATE), np.int16)


if __name__ == "__main__":
    main()
