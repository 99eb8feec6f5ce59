"""What native libraries read when they load is set before they do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="another OpenMP elsewhere")


def displayed(**given: str) -> str:
    """The settings that the LLM's OpenMP shows when it loads."""
    kept = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    done = subprocess.run(
        [sys.executable, "-c", "import models.engines.embedded"],
        env=kept | {"OMP_DISPLAY_ENV": "verbose"} | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stderr


def test_threads_do_not_spin_for_long() -> None:
    assert "GOMP_SPINCOUNT = '1000'" in displayed()


def test_what_the_environment_says_stays() -> None:
    assert "GOMP_SPINCOUNT = '77'" in displayed(GOMP_SPINCOUNT="77")
