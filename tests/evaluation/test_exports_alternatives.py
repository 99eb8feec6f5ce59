"""Simulstream scores what we write for it, and finds what we do."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from evaluation.emissions import emissions
from evaluation.exports import simulstream
from evaluation.latency import latencies
from evaluation.log import SessionLog
from evaluation.quality import quality
from evaluation.recordings import Recording, Segment
from evaluation.segmenting import Segmented, resegmented
from tests.evaluation.alternatives import Environment
from tests.evaluation.sessions import log
from tongchuan.events import TranslationDelta

pytestmark = [pytest.mark.alternatives, pytest.mark.timeout(600)]

HERE = Path(__file__).resolve().parent
WORDS = ["the", "a", "cat", "dog", "sat", "ran", "on", "mat", "tree", "and", "then", "slept", "."]
CHARACTERS = "天地玄黄宇宙洪荒日月盈昃辰宿列张。"
Pairs = list[tuple[Recording, SessionLog]]


def talk(name: str, target: str, chance: random.Random) -> tuple[Recording, SessionLog]:
    """A dozen segments, one of them without reference, and what a poor interpreter made of it."""
    between, units = ("", CHARACTERS) if target == "zh" else (" ", WORDS)
    segments, events, at_s = [], [], 0.5
    for number in range(12):
        due = [chance.choice(units) for _ in range(chance.randint(4, 12))]
        end_s = at_s + chance.uniform(1.5, 4.0)
        segments.append(Segment(at_s, end_s, "甲", between.join(due) if number != 5 else ""))
        said = [chance.choice(units) if chance.random() < 0.25 else unit for unit in due]
        said = [unit for unit in said if chance.random() > 0.1]
        heard_s = at_s + 0.8
        for start in range(0, len(said), 3):
            text = between.join(said[start : start + 3])
            heard_ms = round(heard_s * 1000)
            behind_s = chance.uniform(0.1, 1.2)
            events.append((heard_s + behind_s, delta(text + between, heard_ms)))
            heard_s += chance.uniform(0.4, 1.5)
        at_s = end_s + chance.uniform(0.0, 0.6)
    audio = Path(f"{name}.flac")
    source = "en" if target == "zh" else "zh"
    made = Recording(f"{source}-{name}", audio, at_s + 8.0, source, target, tuple(segments))
    seen = log(*sorted(events, key=lambda item: item[0]), duration_s=made.duration_s)
    return made, SessionLog(made.id, seen.duration_s, 1.0, seen.received)


def delta(text: str, heard_ms: int) -> TranslationDelta:
    return TranslationDelta(1, 0, 1, text, heard_ms)


def scored(alternatives: Environment, folder: Path, pairs: Pairs) -> dict[str, float]:
    """Simulstream's own scores of our export, by its commands."""
    target = pairs[0][0].target
    unit = "char" if target == "zh" else "word"
    parts = [(made, part) for made, _ in pairs for part in made.referenced]
    segments = [
        {"wav": made.audio.name, "offset": part.start_s, "duration": part.end_s - part.start_s}
        for made, part in parts
    ]
    config = {"detokenizer_type": "simuleval", "latency_unit": unit}
    (folder / "eval.yaml").write_text(json.dumps(config), encoding="utf-8")  # YAML too
    (folder / "segments.yaml").write_text(json.dumps(segments), encoding="utf-8")
    references = "".join(f"{part.target}\n" for _, part in parts)
    (folder / "references.txt").write_text(references, encoding="utf-8")
    simulstream(folder / "metrics.jsonl", pairs)
    words = ["--eval-config", "eval.yaml", "--log-file", "metrics.jsonl"]
    words += ["--audio-definition", "segments.yaml", "--latency-unit", unit]
    late = ["-m", "simulstream.metrics.score_latency", "--scorer", "stream_laal"]
    good = ["-m", "simulstream.metrics.score_quality", "--scorer", "sacrebleu"]
    good += ["--tokenizer", "zh" if target == "zh" else "13a"]
    path = HERE / "simulstream_path"
    told = alternatives.run(
        *late, *words, "--reference", "references.txt", folder=folder, path=path
    )
    told += alternatives.run(
        *good, *words, "--references", "references.txt", folder=folder, path=path
    )
    pattern = (
        r"ideal_latency=([\d.-]+), computational_aware_latency=([\d.-]+)\)\n"
        r"sacrebleu score: ([\d.]+)"
    )
    found = re.search(pattern, told)
    assert found, told
    return dict(zip(("unaware", "aware", "bleu"), map(float, found.groups()), strict=True))


@pytest.mark.parametrize("target", ["en", "zh"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulstream_finds_the_same_in_it(
    alternatives: Environment, tmp_path: Path, target: str, seed: int
) -> None:
    chance = random.Random(seed)
    pairs = [talk(name, target, chance) for name in ("one", "two", "three")]
    theirs = scored(alternatives, tmp_path, pairs)
    words = [(made, emissions(seen, target)) for made, seen in pairs]
    found = latencies(words, Segmented(None, None, None, 0, 0))
    pieces = [piece for made, said in words for piece in resegmented(made, said)]
    ours = quality(
        [piece.prediction for piece in pieces],
        [part.target for made, _ in pairs for part in made.referenced],
        target,
    )
    assert ours is not None
    assert theirs["unaware"] == pytest.approx(found.unaware.stream_laal)
    assert theirs["aware"] == pytest.approx(found.aware.stream_laal)
    assert theirs["bleu"] == pytest.approx(ours.bleu)
    assert 1 < theirs["bleu"] < 99
    assert theirs["unaware"] < theirs["aware"]
