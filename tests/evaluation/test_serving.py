"""Metrics are read, and a server that does not start says why."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import psutil  # type: ignore[import-untyped]
import pytest

from evaluation.serving import Served, ServingError, parse_metrics, serve
from server.metrics import Metrics
from tests.server.live import live


def test_model_time_is_read_from_the_servers_own_metrics() -> None:
    metrics = Metrics()
    metrics.stage("translate", 0.5)
    metrics.stage("translate", 0.25)
    metrics.stage("encode", 0.125)
    metrics.count("guard_loop", 3)
    stages, counts = parse_metrics(metrics.text().decode())
    assert stages == {"translate": 0.75, "encode": 0.125}
    assert counts == {"guard_loop": 3}


async def test_usage_of_a_server_that_is_not_ours() -> None:
    async with live() as server:
        usage = await Served(f"ws://127.0.0.1:{server.port}/").usage()
    assert usage.stages == {}
    assert usage.cpu_s is usage.peak_mib is None
    with pytest.raises(ServingError, match="metrics"):
        await Served(f"ws://127.0.0.1:{server.port}").usage()


async def test_a_server_that_does_not_start_shows_its_log() -> None:
    with pytest.raises(ServingError, match="no-such-profile"):
        async with serve("no-such-profile", [0], 1):
            pytest.fail("it started")


def test_the_server_ends_when_the_process_that_started_it_is_gone() -> None:
    starter = (
        "import os, subprocess, sys\n"
        "from evaluation.serving import _PREPARE\n"
        "code = _PREPARE + 'time.sleep(600)'\n"
        "child = subprocess.Popen([sys.executable, '-c', code, str(os.getpid()), '0'])\n"
        "print(child.pid, flush=True)\n"
        "os._exit(1)\n"
    )
    done = subprocess.run(  # the text is ours
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True, timeout=60, check=False
    )
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(timeout=30)
