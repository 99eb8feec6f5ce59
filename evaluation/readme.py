"""`python -m evaluation.readme`: the tables of the README's figures, from the committed results.

They stand between marks in README.md, and a test finds them there as they are made here; `make
figures` measures everything again and writes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
RESULTS = _HERE / "results"
README = _HERE.parent / "README.md"
_BENCH = ("zh2en-embedded.json", "zh2en-embedded-epyc.json")
_MACHINES = ("Intel Xeon", "AMD EPYC")
_SYSTEMS = "zh2en-systems.json"
_NAMES = {
    "semantic": "semantic (default)",
    "wait-k": "wait-k",
    "fixed": "fixed length",
    "pause": "pauses",
    "direct": "Whisper's own translation, LocalAgreement",
}

Row = Mapping[str, Any]


def tables() -> dict[str, str]:
    """The Markdown between each pair of marks, by its name."""
    bench = [_whole(_load(name)["rows"]) for name in _BENCH]
    return {"figures": _bench(bench), "systems": _systems(_load(_SYSTEMS))}


def marked(text: str, name: str) -> str:
    """What stands between the marks `<!-- name -->` and `<!-- /name -->` in `text`."""
    start, end = _marks(text, name)
    return text[start:end].strip()


def written(text: str, made: Mapping[str, str]) -> str:
    """`text` with each table in its place."""
    for name, table in made.items():
        start, end = _marks(text, name)
        text = f"{text[:start]}\n{table}\n{text[end:]}"
    return text


def _marks(text: str, name: str) -> tuple[int, int]:
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    return text.index(first) + len(first), text.index(last)


def _load(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((RESULTS / name).read_text(encoding="utf-8"))
    return body


def _whole(rows: Sequence[Row]) -> Row:
    return next(row for row in rows if row["name"] == "all")


def _bench(rows: Sequence[Row]) -> str:
    head = ["what", *(cell for machine in _MACHINES for cell in (machine, "offline"))]
    lines: list[tuple[str, Callable[[Row], str], Callable[[Row], str]]] = [
        ("CER", lambda row: f"{_texts(row)['error']:.3f}", lambda row: f"{_off(row)['error']:.3f}"),
        ("BLEU", _bleu, lambda row: _both(row, "bleu")),
        (
            "chrF",
            lambda row: f"{_texts(row)['by_segment']['chrf']:.1f}",
            lambda row: _both(row, "chrf"),
        ),
        (
            "LongYAAL, computation-unaware / -aware",
            lambda row: _seconds(row, "yaal_unaware", "yaal_aware"),
            _none,
        ),
        ("lag of a chunk, p50 / p95", lambda row: _seconds(row, "lag_p50", "lag_p95"), _none),
        (
            "first source words / first English after a sentence begins, p50",
            lambda row: _seconds(row, "first_source", "first_target"),
            _none,
        ),
        (
            "normalised erasure of previews",
            lambda row: f"{row['streamed']['erasure']:.2f}",
            _none,
        ),
        (
            "model time, sum of stages that run side by side, share of real time",
            lambda row: f"{row['cost']['compute']:.2f}",
            _none,
        ),
        (
            "processor time, share of both cores",
            lambda row: f"{row['cost']['cpu']:.2f}",
            _none,
        ),
        ("peak memory", lambda row: f"{row['cost']['peak_mib'] / 1024:.1f} GB", _none),
    ]
    body = [
        [what, *(cell for row in rows for cell in (streamed(row), offline(row)))]
        for what, streamed, offline in lines
    ]
    return _table(head, body)


def _systems(result: Row) -> str:
    head = ["system", "BLEU", "chrF", "LongYAAL, unaware / aware", "on the frontier"]
    better = {row["name"]: row for row in result["differences"]}
    body = []
    for system in result["systems"]:
        row = _whole(system["rows"])
        quality = row["streamed"]["texts"]["by_segment"]
        body.append(
            [
                _NAMES.get(system["name"], system["name"]),
                f"{quality['bleu']:.1f}{_sure(better, system['name'], 'bleu')}",
                f"{quality['chrf']:.1f}{_sure(better, system['name'], 'chrf')}",
                f"{_seconds(row, 'yaal_unaware', 'yaal_aware')}"
                f"{_sure(better, system['name'], 'yaal')}",
                "yes" if system["name"] in result["frontier"] else "",
            ]
        )
    return _table(head, body)


def _sure(better: Mapping[str, Row], name: str, metric: str) -> str:
    """A star where the difference to the default is not chance."""
    difference = better.get(name, {}).get(metric)
    return "\\*" if difference and difference["p_value"] < 0.05 else ""


def _texts(row: Row) -> Row:
    texts: Row = row["streamed"]["texts"]
    return texts


def _off(row: Row) -> Row:
    offline: Row = row["offline"]
    return offline


def _bleu(row: Row) -> str:
    findings = row["streamed"].get("findings")
    bleu = f"{_texts(row)['by_segment']['bleu']:.1f}"
    if not findings:
        return bleu
    interval = findings["bleu"]
    return f"{bleu} (95 %: {interval['low']:.1f} to {interval['high']:.1f})"


def _both(row: Row, metric: str) -> str:
    """Of the offline run without and with memory."""
    runs = (row["offline"], row["offline_remembered"])
    return " / ".join(f"{run['by_segment'][metric]:.1f}" for run in runs)


def _seconds(row: Row, *names: str) -> str:
    return " / ".join(f"{row['streamed']['times'][name]:.1f}" for name in names) + " s"


def _none(_: Row) -> str:
    return ""


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> int:
    """Write README.md."""
    text = README.read_text(encoding="utf-8")
    README.write_text(written(text, tables()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
