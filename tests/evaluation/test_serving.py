"""Metrics are read, and a server that does not start says why."""

from __future__ import annotations

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
