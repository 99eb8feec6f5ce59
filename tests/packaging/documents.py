"""What the documents say one can do: their code blocks, commands and links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def blocks(document: str, language: str) -> list[str]:
    """The fenced code blocks of `language` in a document of this repository."""
    found = BLOCK.findall((ROOT / document).read_text("utf-8"))
    return [text for name, text in found if name == language]


def commands(document: str) -> list[list[str]]:
    """The words of each command of the shell blocks: one a list, without variables before it."""
    found: list[list[str]] = []
    for block in blocks(document, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while "|" in words:
                found.append(words[: words.index("|")])
                words = words[words.index("|") + 1 :]
            found.append(words)
    return [_bare(words) for words in found if words]


def links(document: str) -> list[str]:
    """The link targets within this repository, relative to the document."""
    found: list[str] = LINK.findall((ROOT / document).read_text("utf-8"))
    return [target for target in found if "://" not in target]


def _bare(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    return words
