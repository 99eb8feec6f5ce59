from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.fakes import FakeBackend, FakePlan, tone
from tests.server.live import Talk, eventually, live
from tests.server.test_talks import check_order

ROOT = Path(__file__).resolve().parents[2]


async def test_a_draining_server_gives_what_it_owes_and_admits_nobody() -> None:
    gate = asyncio.Event()
    backend = FakeBackend(FakePlan(gate=gate))
    async with live(backend) as server, server.started() as talk, server.talk() as early:
        await talk.send(tone(1.0))
        await eventually(lambda: server.metric("tongchuan_audio_waiting_seconds") > 0.95)
        server.server.should_exit = True
        await talk.until("notice", code="draining")
        assert await early.rest() == 1012
        assert early.last_error()["code"] == "draining"
        async with server.talk() as late:  # the socket still answers, to say so
            assert await late.rest() == 1012
        ready = await server.get("/readyz")
        assert ready.status_code == 503
        assert "shutting down" in ready.json()["reason"]
        assert (await server.get("/healthz")).status_code == 200
        await talk.send(tone(1.0))  # too late, but no breach
        gate.set()
        assert await talk.rest() == 1012
        assert talk.events[-1]["type"] == "session.ended"
        assert talk.events[-1]["chunks"] == 5
        assert talk.events[-1]["audio_ms"] == 1000
        check_order(talk.events)
    assert backend.closed


async def test_a_session_that_cannot_finish_is_ended_in_time() -> None:
    backend = FakeBackend(FakePlan(gate=asyncio.Event()))
    async with (
        live(backend, limits={"drain_timeout_s": 0.2}) as server,
        server.started() as running,
        server.started() as ending,
    ):
        await running.send(tone(0.5))
        await ending.send(tone(0.5), {"type": "session.end"})
        await asyncio.sleep(0.1)
        server.server.should_exit = True
        assert await running.rest() == 1012
        assert running.last_error()["code"] == "finish_timeout"
        assert running.events[-1]["type"] == "session.ended"
        assert await ending.rest() == 1011
        await server.empty()
    assert backend.cancelled == 2


class Process:
    """The server in a process of its own."""

    def __init__(self, plan: str, **env: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(self.port), **env}
        command = [sys.executable, str(Path(__file__).with_name("served.py")), plan]
        self.process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )

    async def connected(self) -> Talk:
        """A client, once the server listens and its models are warm."""
        async with asyncio.timeout(60):
            while True:
                try:
                    url = f"ws://127.0.0.1:{self.port}/v1/interpret?access_token=secret-key"
                    return Talk(await connect(url, proxy=None, compression=None))
                except OSError:
                    assert self.process.poll() is None
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Leave nothing behind, whatever the test found."""
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    async def finish(self) -> tuple[int, str]:
        """Exit code and log."""
        _, log = await asyncio.to_thread(self.process.communicate, timeout=60)
        return self.process.returncode, log


@pytest.fixture
def spawn() -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def start(plan: str, **env: str) -> Process:
        processes.append(Process(plan, **env))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


Spawn = Callable[..., Process]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_process_in_order(spawn: Spawn, number: signal.Signals) -> None:
    process = spawn("quick")
    talk = await process.connected()
    await talk.start()
    await talk.send(tone(1.0))
    await talk.until("chunk.final")
    process.process.send_signal(number)
    assert await talk.rest() == 1012
    assert talk.events[-1]["type"] == "session.ended"
    assert talk.events[-1]["chunks"] == 5
    code, log = await process.finish()
    assert code == 0, log
    assert "secret-key" not in log
    assert "Traceback" not in log


async def test_a_second_signal_does_not_wait(spawn: Spawn) -> None:
    process = spawn("stuck")
    talk = await process.connected()
    await talk.start()
    await talk.send(tone(1.0))
    process.process.send_signal(signal.SIGTERM)
    await talk.until("notice", code="draining")
    process.process.send_signal(signal.SIGTERM)
    await talk.rest()
    code, log = await process.finish()
    assert code == 0, log


async def test_models_that_cannot_start_stop_the_process_with_their_reason(spawn: Spawn) -> None:
    process = spawn("broken")
    code, log = await process.finish()
    assert code == 1
    assert "tongchuan models fetch" in log


async def test_an_address_in_use_is_named(spawn: Spawn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = spawn("quick", PORT=port)
        code, log = await process.finish()
        assert code == 1
        assert f"127.0.0.1:{port}" in log
        assert "PORT" in log
