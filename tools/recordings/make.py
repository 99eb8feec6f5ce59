"""Speak the texts in `texts/` and write FLAC recordings, their JSON, and client_demo/samples.json.

    python make.py [ID …]

Needs the environment of requirements.txt; see README.md.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from voices import RATE, VOICES, Samples, Voice, trim

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT_RATE = 16_000
LEAD_S = 0.4
"""Silence before the first sentence; the one after the last is its pause."""
PEAK = 10 ** (-3 / 20)
LICENCE = "CC-BY-4.0"


def compose(text: dict[str, Any], voice: Voice) -> tuple[Samples, list[dict[str, Any]]]:
    """One recording: samples at OUT_RATE, peak at -3 dBFS, and its segments with exact times.

    Pauses are each sentence's `pause_s`, or drawn from 0.3 to 0.8 s with the text's seed.
    """
    chance = random.Random(text["seed"])
    parts: list[Samples] = [silence(LEAD_S)]
    at = len(parts[0])
    segments = []
    for number, segment in enumerate(text["segments"]):
        spoken = trim(voice.speak(segment["source"], text["seed"] + number))
        sound = soxr.resample(spoken, RATE, OUT_RATE, "VHQ").astype(np.float32)
        pause = silence(segment.get("pause_s", round(chance.uniform(0.3, 0.8), 2)))
        segments.append(
            {
                "start": at / OUT_RATE,
                "end": (at + len(sound)) / OUT_RATE,
                "source": segment["source"],
                "target": segment["target"],
                "terms": segment.get("terms", []),
            }
        )
        parts += [sound, pause]
        at += len(sound) + len(pause)
    samples = np.concatenate(parts)
    return samples * np.float32(PEAK / np.abs(samples).max()), segments


def silence(seconds: float) -> Samples:
    """Zeros for `seconds` at OUT_RATE."""
    return np.zeros(round(seconds * OUT_RATE), np.float32)


def make(text: dict[str, Any], voice: Voice) -> float:
    """Write one recording and its JSON; its length in seconds."""
    samples, segments = compose(text, voice)
    folder = ROOT / text["folder"]
    soundfile.write(folder / f"{text['id']}.flac", samples, OUT_RATE, subtype="PCM_16")
    seconds = len(samples) / OUT_RATE
    # the page needs no references, and a demo's are not shipped
    notes = HERE / "samples" if text["folder"] == "client_demo" else folder
    notes.mkdir(exist_ok=True)
    body = {"id": text["id"], "duration": seconds, "segments": segments}
    (notes / f"{text['id']}.json").write_text(
        json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return seconds


def list_samples(texts: list[dict[str, Any]]) -> None:
    """Write client_demo/samples.json: what the page offers."""
    rows = []
    for text in texts:
        if text["folder"] != "client_demo":
            continue
        name = f"{text['id']}.flac"
        rows.append(
            {
                "file": name,
                "title": text["title"],
                "source": text["source"],
                "target": text["target"],
                "licence": LICENCE,
                "seconds": round(soundfile.info(ROOT / "client_demo" / name).duration, 1),
            }
        )
    rows.sort(key=lambda row: row["source"] != "zh")
    (ROOT / "client_demo" / "samples.json").write_text(
        json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def main(wanted: list[str]) -> int:
    """Make the recordings named, or all. 1 when a name is unknown."""
    files = sorted((HERE / "texts").glob("*.json"))
    texts = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    known = [text["id"] for text in texts]
    if unknown := sorted(set(wanted) - set(known)):
        sys.stderr.write(f"no text named {', '.join(unknown)}; there are: {', '.join(known)}\n")
        return 1
    voices: dict[str, Voice] = {}
    for text in texts:
        if wanted and text["id"] not in wanted:
            continue
        language = text["source"]
        if language not in voices:
            voices[language] = VOICES[language]()
        sys.stdout.write(f"{text['id']}: {make(text, voices[language]):.1f} s\n")
    list_samples(texts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
