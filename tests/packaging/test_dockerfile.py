"""The Dockerfile by a linter and by the rules that the linter does not know."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "docker" / "Dockerfile"


def _instructions() -> list[tuple[str, str]]:
    """(instruction, its words), continued lines joined, comments left out."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (word.upper(), rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def _final_stage() -> list[tuple[str, str]]:
    instructions = _instructions()
    last = max(i for i, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[last:]


def _of(word: str, stage: list[tuple[str, str]]) -> list[str]:
    return [rest for name, rest in stage if name == word]


def test_the_linter_finds_nothing() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    assert hadolint, "hadolint is missing: make install-dev"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    assert done.returncode == 0


def test_there_are_few_steps_in_two_stages() -> None:
    instructions = _instructions()
    assert len(_of("FROM", instructions)) == 2
    assert len(_of("RUN", instructions)) == 2
    assert not _of("ADD", instructions)


def test_the_base_image_is_pinned_to_a_patch_release() -> None:
    image = dict(rest.split("=", 1) for rest in _of("ARG", _instructions()))["PYTHON_IMAGE"]
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", image)
    for base in _of("FROM", _instructions()):
        assert base.split()[0] == "${PYTHON_IMAGE}"


def test_the_process_is_not_root_and_owns_no_code() -> None:
    stage = _final_stage()
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", _of("USER", stage)[-1])
    assert [word for word, _ in stage].index("USER") < [word for word, _ in stage].index(
        "ENTRYPOINT"
    )
    for copied in _of("COPY", stage):
        assert "--chown=root:root" in copied


def test_one_process_gets_the_signals() -> None:
    stage = _final_stage()
    assert json.loads(_of("ENTRYPOINT", stage)[0]) == ["entrypoint.sh"]
    assert not _of("CMD", stage)
    assert _of("STOPSIGNAL", stage) == ["SIGTERM"]
    entrypoint = (ROOT / "docker" / "entrypoint.sh").read_text()
    assert entrypoint.strip().splitlines()[-1] == 'exec tongchuan serve "$@"'


def test_health_is_asked_by_what_is_in_the_image() -> None:
    health = _of("HEALTHCHECK", _final_stage())[0]
    command = json.loads(health.partition("CMD ")[2])
    assert command[0] == "python"
    script = Path(command[1]).name
    copied = next(rest for rest in _of("COPY", _final_stage()) if "entrypoint.sh" in rest)
    assert f"docker/{script}" in copied


def test_weights_lie_in_the_volume() -> None:
    stage = _final_stage()
    assert "/weights" in json.loads(_of("VOLUME", stage)[0])
    assert "TONGCHUAN_CACHE_DIR=/weights" in _of("ENV", stage)[0]


def test_glossaries_lie_in_a_volume_that_the_process_may_write() -> None:
    stage = _final_stage()
    assert "/glossaries" in json.loads(_of("VOLUME", stage)[0])
    assert "TONGCHUAN_GLOSSARIES__URL=/glossaries/" in _of("ENV", stage)[0]
    made = re.search(r"install --directory --owner=tongchuan [^&]*", _of("RUN", stage)[0])
    assert made is not None
    assert {"/weights", "/glossaries"} <= set(made[0].split())


@pytest.mark.parametrize("script", ["install.sh", "entrypoint.sh"])
def test_scripts_stop_at_the_first_error(script: str) -> None:
    path = ROOT / "docker" / script
    assert path.stat().st_mode & 0o111
    assert "\nset -eu\n" in path.read_text()
    subprocess.run(["sh", "-n", path], check=True, timeout=10)


def test_install_names_what_is_wrong(tmp_path: Path) -> None:
    script = ROOT / "docker" / "install.sh"
    for words, said in (((), "usage"), ((tmp_path / "env", "no-such"), "no-such.lock")):
        done = subprocess.run(["sh", script, *words], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2
        assert said in done.stderr
    assert not (tmp_path / "env").exists()
