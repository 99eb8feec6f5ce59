from __future__ import annotations

import asyncio

import pytest

from models.errors import EngineError
from server import recovery
from server.metrics import Metrics
from server.recovery import Recovery
from tests.fakes import FakeBackend
from tests.server.live import Live, eventually, live


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that a test can sit through; the limit of one check is what one of them waits for."""
    monkeypatch.setattr(recovery, "_LOOK_S", 0.01)
    monkeypatch.setattr(recovery, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(recovery, "_LONGEST_WAIT_S", 0.05)


def checks(server: Live, result: str) -> float:
    return server.metric("tongchuan_self_checks_total", result=result)


@pytest.mark.usefixtures("_hasty")
async def test_a_server_that_nobody_is_sent_to_becomes_ready_again() -> None:
    backend = FakeBackend(heals_at=3)
    async with live(backend) as server:
        backend.broken = ("the encoder crashed",)
        assert (await server.get("/readyz")).status_code == 503
        await eventually(lambda: not server.hub.unready())
        assert (await server.get("/readyz")).status_code == 200
        await eventually(lambda: checks(server, "passed"))
        assert (checks(server, "failed"), checks(server, "passed")) == (2, 1)

        backend.broken = ("the encoder crashed again",)  # it watches on
        await eventually(lambda: checks(server, "passed") == 2)
        assert server.hub.unready() == ""


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("error", [EngineError("still broken"), MemoryError("no room")])
async def test_a_check_that_fails_is_not_the_last(error: Exception) -> None:
    backend = FakeBackend(heals_at=0, check_error=error)
    async with live(backend) as server:
        backend.broken = ("the LLM is gone",)
        await eventually(lambda: checks(server, "failed") >= 2)
        assert "the LLM is gone" in server.hub.unready()
        backend.check_error = None
        await eventually(lambda: not server.hub.unready())


@pytest.mark.usefixtures("_hasty")
async def test_a_check_that_hangs_is_given_up_and_the_server_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recovery, "_CHECK_LIMIT_S", 0.05)
    backend = FakeBackend(heals_at=0, check_gate=asyncio.Event())
    async with live(backend) as server:
        backend.broken = ("the LLM hangs",)
        await eventually(lambda: checks(server, "failed") >= 2)
        assert (await server.get("/healthz")).status_code == 200
        assert backend.check_gate is not None
        backend.check_gate.set()
        await eventually(lambda: not server.hub.unready())
    assert backend.closed


async def waits(backend: FakeBackend, count: int, healed_after: int = -1) -> list[float]:
    """The waits after the first look, up to `count`; a session heals it after `healed_after`."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) - 1 == healed_after:
            backend.broken = ()
        if len(waited) > count:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Recovery(backend, Metrics(), sleep).run()
    return waited[1:]


async def test_checks_become_seldom() -> None:
    backend = FakeBackend(broken=("the LLM is gone",))
    assert await waits(backend, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert backend.checks == 8


async def test_what_a_session_found_out_needs_no_check() -> None:
    backend = FakeBackend(broken=("the LLM is gone",))
    assert await waits(backend, 4, healed_after=2) == [1, 2, recovery._LOOK_S, recovery._LOOK_S]
    assert backend.checks == 1


async def test_without_a_fault_nothing_is_checked() -> None:
    backend = FakeBackend()
    assert set(await waits(backend, 20)) == {recovery._LOOK_S}
    assert backend.checks == 0
