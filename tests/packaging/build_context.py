"""What `docker build` would see of this checkout: the tracked files that .dockerignore lets in."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def context_files() -> list[str]:
    """Paths, relative to the root, of the build context; files new to git are part of it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    rules = _rules()
    return [path for path in listed.split("\0") if path and _let_in(path, rules)]


def copy_context(target: Path) -> Path:
    """Copy the build context into the new folder `target`, and return it."""
    for path in context_files():
        if (ROOT / path).is_file():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target / path)
    return target


def _rules() -> list[tuple[bool, re.Pattern[str]]]:
    rules = []
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = re.escape(line.removeprefix("!"))
            pattern = pattern.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
            rules.append((line.startswith("!"), re.compile(f"{pattern}(/.*)?")))
    return rules


def _let_in(path: str, rules: list[tuple[bool, re.Pattern[str]]]) -> bool:
    verdict = True
    for let_in, pattern in rules:
        if pattern.fullmatch(path):
            verdict = let_in
    return verdict
