"""The build context holds what the image is made from, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.packaging.build_context import ROOT, context_files

PACKAGES = ("models", "glossaries", "server", "tongchuan", "evaluation", "client_demo")


def test_the_context_is_what_the_install_needs() -> None:
    files = set(context_files())
    for needed in ("pyproject.toml", "README.md", "LICENSE", "docker/install.sh"):
        assert needed in files or not (ROOT / needed).exists()
    assert {Path(path).parts[0] for path in files} <= {
        *PACKAGES,
        *("pyproject.toml", "README.md", "LICENSE", "docker", "requirements"),
    }
    assert not [path for path in files if path.startswith(("tests/", ".git", "docs/"))]


def test_copied_files_are_in_the_context() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    copied = re.findall(r"docker/[\w.]+\.(?:sh|py)", dockerfile)
    assert copied
    assert set(copied) <= set(context_files())


def test_no_secret_and_no_output_is_tracked() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout.splitlines()
    assert not [path for path in tracked if re.search(r"(^|/)\.env$|\.pem$|\.gguf$|\.bin$", path)]
