"""The suite's own rules (root conftest.py), run by pytest on small suites."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SUITE = """
import pytest

@pytest.mark.browser
def test_page(): pass

@pytest.mark.real
@pytest.mark.skipif(True, reason="no weights")
def test_weights(): pass

@pytest.mark.real
def test_inside():
    pytest.skip("no weights either")

@pytest.mark.real
@pytest.mark.xfail(reason="known")
def test_known():
    assert False

@pytest.mark.skip(reason="quick ones may")
def test_quick(): pass
"""
SKIPPED_MODULE = "import pytest\npytest.importorskip('no_such_module_anywhere')\n"
INI = "[pytest]\nmarkers =\n    real\n    browser\n    timeout\n"


def _run(folder: Path, *, ci: str) -> tuple[int, str]:
    """Run the suite in `folder` under this project's conftest; its exit code and output."""
    shutil.copy(ROOT / "conftest.py", folder / "conftest.py")
    (folder / "pytest.ini").write_text(INI)
    env = {**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=110)
    return done.returncode, done.stdout


def _counts(output: str) -> dict[str, int]:
    closing = output.strip().splitlines()[-1]
    return {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", closing)}


def test_a_skipped_real_test_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    code, output = _run(tmp_path, ci="true")
    assert code == 1
    # `skipif` skips in the setup, whose failures pytest calls errors.
    assert _counts(output) == {"failed": 1, "error": 1, "passed": 1, "skipped": 1, "xfailed": 1}
    assert "in CI this test must run" in output
    assert "no weights" in output


def test_a_skipped_real_test_is_skipped_at_home(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    code, output = _run(tmp_path, ci="")
    assert code == 0
    assert _counts(output) == {"passed": 1, "skipped": 3, "xfailed": 1}


@pytest.mark.parametrize(("ci", "code"), [("true", 2), ("", 5)])
def test_a_skipped_module_fails_in_ci(tmp_path: Path, ci: str, code: int) -> None:
    (tmp_path / "test_module.py").write_text(SKIPPED_MODULE)
    returned, output = _run(tmp_path, ci=ci)
    assert returned == code
    assert ("in CI this module must run" in output) == (ci == "true")


def test_quick_tests_run_first_and_the_browser_last(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    _, output = _run(tmp_path, ci="")
    order = re.findall(r"::(test_\w+) ", output)
    assert order == ["test_quick", "test_weights", "test_inside", "test_known", "test_page"]
