"""`make run` with an interpreter that only writes down what it was asked to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Stands in for python3, and for python and tongchuan of the environment it "creates".
FAKE = """#!/bin/sh
name=$(basename "$0")
case "$*" in
  *version_info*) exit "${TOO_OLD:-0}" ;;
  *sys.version*) echo "${VERSION:-3.11}"; exit 0 ;;
esac
echo "$name $*" >> "$LOG"
case "$*" in
  *"${FAIL_ON:-nothing at all}"*) exit 1 ;;
  "-m venv --clear .venv")
    rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/tongchuan
    ;;
  serve*) echo "at $HOST:$PORT" >> "$LOG" ;;
esac
"""


class Machine:
    """A folder with the Makefile, the lockfiles and the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.python = folder / "fake" / "python3"
        self.python.parent.mkdir()
        self.python.write_text(FAKE)
        self.python.chmod(0o755)
        shutil.copy(ROOT / "Makefile", folder / "Makefile")
        shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
        shutil.copytree(ROOT / "requirements", folder / "requirements")

    def make(self, *words: str, **env: str) -> tuple[int, str, list[str]]:
        """Run make; its exit code, what it wrote on stderr, and what the stand-in was asked."""
        self.log.write_text("")
        kept = {"PATH": os.environ["PATH"], "LOG": str(self.log)}
        command = ["make", "--no-print-directory", *words, f"PYTHON={self.python}"]
        done = subprocess.run(
            command, cwd=self.folder, env=kept | env, capture_output=True, text=True, timeout=30
        )
        return done.returncode, done.stderr, self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def _pip(log: list[str]) -> list[str]:
    return [line for line in log if "-m pip" in line]


def test_the_first_run_installs_fetches_and_serves(machine: Machine) -> None:
    code, _, log = machine.make("run")
    assert code == 0
    assert log[0] == "python3 -m venv --clear .venv"
    build, run, project = _pip(log)
    assert build.endswith("--require-hashes -r requirements/build.lock")
    assert run.endswith("--require-hashes -r requirements/run.lock")
    assert project.endswith("--no-deps --no-build-isolation -e .")
    assert log[-3:] == [
        "tongchuan models fetch --profile embedded",
        "tongchuan serve --profile embedded",
        "at 127.0.0.1:8000",
    ]


def test_a_second_run_asks_no_registry(machine: Machine) -> None:
    machine.make("run")
    code, _, log = machine.make("run", "PROFILE=small", HOST="::1", PORT="9")
    assert code == 0
    assert log == [
        "tongchuan models fetch --profile small",
        "tongchuan serve --profile small",
        "at ::1:9",
    ]


@pytest.mark.parametrize("lock", ["build", "run"])
def test_a_changed_lock_builds_the_environment_anew(machine: Machine, lock: str) -> None:
    machine.make("run")
    with (machine.folder / "requirements" / f"{lock}.lock").open("a") as file:
        file.write("# changed\n")
    _, _, log = machine.make("run")
    assert log[0] == "python3 -m venv --clear .venv"
    assert len(_pip(log)) == 3
    assert not _pip(machine.make("run")[2])


def test_another_python_builds_the_environment_anew(machine: Machine) -> None:
    machine.make("run")
    assert len(_pip(machine.make("run", VERSION="3.12")[2])) == 3


def test_a_changed_project_is_installed_again_and_nothing_else(machine: Machine) -> None:
    machine.make("run")
    with (machine.folder / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    _, _, log = machine.make("run")
    assert len(_pip(log)) == 1
    assert _pip(log)[0].endswith("-e .")
    assert not _pip(machine.make("run")[2])


@pytest.mark.parametrize("step", ["venv", "build.lock", "run.lock", "import ctranslate2", "-e ."])
def test_a_broken_install_is_taken_up_again(machine: Machine, step: str) -> None:
    code, stderr, log = machine.make("run", FAIL_ON=step)
    assert code != 0
    assert not any(line.startswith("tongchuan") for line in log)
    if step == "import ctranslate2":
        assert "apt-get install libgomp1" in stderr
    code, _, log = machine.make("run")
    assert code == 0
    assert any(step in line for line in log)


def test_a_failed_fetch_starts_no_server(machine: Machine) -> None:
    code, _, log = machine.make("run", FAIL_ON="models fetch")
    assert code != 0
    assert not any("serve" in line for line in log)


def test_the_tools_come_on_top_of_what_runs(machine: Machine) -> None:
    machine.make("install")
    _, _, log = machine.make("lint")
    assert [line.split()[-1] for line in _pip(log)] == ["requirements/dev.lock"]


def test_an_old_python_is_refused_in_words(machine: Machine) -> None:
    code, stderr, log = machine.make("run", TOO_OLD="1")
    assert code != 0
    assert "Python 3.11 or newer is needed" in stderr
    assert "make run PYTHON=" in stderr
    assert not [line for line in log if "venv" in line]


def test_tests_without_a_browser_say_where_to_get_one(machine: Machine) -> None:
    tools = machine.folder / "tools"
    tools.mkdir()
    for name in ("sh", "cat", "cksum", "tr", "rm", "touch", "mkdir", "cp", "basename", "make"):
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    code, stderr, _ = machine.make("chromium", PATH=str(tools))
    assert code != 0
    assert "apt-get install chromium" in stderr
    assert "make test BROWSER=no" in stderr
    (tools / "chromium").symlink_to("/bin/true")
    assert machine.make("chromium", PATH=str(tools))[0] == 0


def test_the_browser_can_be_left_out(machine: Machine) -> None:
    code, _, log = machine.make("test", "BROWSER=no", "ARGS=-k page")
    assert code == 0
    assert log[-3:] == [
        "tongchuan models fetch --profile embedded",
        "tongchuan models fetch --profile small",
        "python -m pytest -m not browser -k page",
    ]


def test_help_names_the_targets(machine: Machine) -> None:
    done = subprocess.run(
        ["make", "help"], cwd=machine.folder, capture_output=True, text=True, check=True, timeout=30
    )
    for target in ("run", "test", "check", "bench", "lock", "clean"):
        assert f"make {target} " in done.stdout
