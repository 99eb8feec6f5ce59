"""What the judge is told: texts beside this module, named by what they hash to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Message = Mapping[str, str]
"""`role` and `content` of a chat."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text for the judge."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Of the text in UTF-8, hexadecimal."""
        return digest(self.text)

    def about(self, fields: Mapping[str, str]) -> tuple[Message, ...]:
        """A conversation that asks this of `fields`.

        They go as one JSON object: a string in it ends only where JSON says so, whatever it holds,
        and so no text that is judged can pass for one of ours.
        """
        data = json.dumps(fields, ensure_ascii=False, indent=1)
        return ({"role": "system", "content": self.text}, {"role": "user", "content": data})


def digest(text: str) -> str:
    """SHA-256 of UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(name: str) -> Prompt:
    text = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
    return Prompt(name, text.strip())


FRAGMENTS = _read("fragments")
VERDICT = _read("verdict")
AGAIN = _read("again")
PROMPTS = (FRAGMENTS, VERDICT, AGAIN)
