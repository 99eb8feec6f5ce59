from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.errors import WeightsError
from models.interpreter import Capacity
from server.page import CONTENT_TYPES, PAGE_DIR
from tests.fakes import FakeBackend, FakePlan, tone
from tests.server.live import START, Live, eventually, live


async def samples(server: Live) -> dict[str, float]:
    """Every sample at /metrics, as `name{label}`."""
    reply = await server.get("/metrics")
    assert reply.status_code == 200
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def test_live_at_once_and_ready_when_warm() -> None:
    backend = FakeBackend(start_gate=asyncio.Event(), capacity=Capacity(0.4, 2))
    async with live(backend, warm=False) as server:
        assert (await server.get("/healthz")).json() == {"live": True}
        ready = await server.get("/readyz")
        assert ready.status_code == 503
        assert "loading" in ready.json()["reason"]
        assert (await samples(server))["tongchuan_ready"] == 0
        assert backend.start_gate is not None
        backend.start_gate.set()
        await eventually(lambda: not server.hub.unready())
        ready = await server.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"ready": True, "active": 0, "slots": 2}
        backend.broken = ("the encoder crashed", "the LLM is gone")
        ready = await server.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reason"] == "the encoder crashed; the LLM is gone"
    assert backend.closed


@pytest.mark.parametrize("error", [WeightsError("a wrong hash"), RuntimeError("a wrong hash")])
async def test_models_that_cannot_start_are_named(error: Exception) -> None:
    backend = FakeBackend(start_error=error)
    async with live(backend, warm=False) as server:
        await eventually(lambda: "hash" in server.hub.unready())
        assert "hash" in (await server.get("/readyz")).json()["reason"]
        assert (await server.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("measured", "set_by_hand", "slots"), [(3, None, 3), (3, 7, 7), (0, None, 1)]
)
async def test_slots_are_measured_or_set(measured: int, set_by_hand: int, slots: int) -> None:
    backend = FakeBackend(capacity=Capacity(0.3, measured))
    async with live(backend, max_sessions=set_by_hand) as server:
        assert server.hub.admission.slots == slots


async def test_metrics_follow_the_sessions() -> None:
    gate = asyncio.Event()
    backend = FakeBackend(FakePlan(gate=gate))
    async with live(backend, max_sessions=1) as server:
        async with server.started() as talk:
            await talk.send(tone(1.0), {"type": "hello"})
            await talk.until("error")
            async with server.talk() as refused:
                await refused.send(START)
                assert await refused.rest() == 1013
            await eventually(lambda: server.metric("tongchuan_connections") == 1)
            now = await samples(server)
            assert now["tongchuan_sessions_active"] == 1
            assert now["tongchuan_sessions_slots"] == 1
            assert now["tongchuan_audio_waiting_seconds"] == pytest.approx(1.0, abs=0.05)
            assert now["tongchuan_sessions_refused_total{no_free_slot}"] == 1
            assert now["tongchuan_errors_total{unknown_type}"] == 1
            assert now["tongchuan_errors_total{no_free_slot}"] == 1
            gate.set()
            await talk.send({"type": "session.end"})
            assert await talk.rest() == 1000
        await server.empty()
        now = await samples(server)
        assert now["tongchuan_sessions_active"] == 0
        assert now["tongchuan_sessions_admitted_total"] == 1
        assert now["tongchuan_chunks_total"] == 5
        assert now["tongchuan_chunk_lag_seconds_count"] == 5
        assert now["tongchuan_session_seconds_count"] == 1
        assert now["tongchuan_audio_seconds_total"] == 1.0
        assert now["tongchuan_closes_total{1000}"] == 1
        assert now["tongchuan_closes_total{1013}"] == 1
        assert now["tongchuan_model_seconds_count{translate}"] == 5
        assert now["tongchuan_model_events_total{prompt_tokens}"] == 15
        assert now["tongchuan_ready"] == 1
        await eventually(lambda: server.metric("tongchuan_event_loop_lag_seconds_count"))


async def test_two_servers_in_one_process_count_apart() -> None:
    async with live() as one, live() as other:
        async with one.started() as talk:
            await talk.send({"type": "session.end"})
            assert await talk.rest() == 1000
        assert (await samples(one))["tongchuan_sessions_admitted_total"] == 1
        assert (await samples(other))["tongchuan_sessions_admitted_total"] == 0


async def test_plain_http_on_the_socket_address_is_told_so() -> None:
    async with live() as server:
        reply = await server.get("/v1/interpret")
        assert reply.status_code == 426
        assert "WebSocket" in reply.text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    (page / "js").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>同传</title>")
    for suffix in CONTENT_TYPES:
        (page / "js" / f"file{suffix}").write_bytes(b"0123456789")
    (page / "js" / "__init__.py").write_text("secret = 1")
    (page / ".env").write_text("secret")
    (page / ".git").mkdir()
    (page / ".git" / "a.js").write_text("secret")
    (tmp_path / "outside.js").write_text("secret")
    return page


async def test_the_page_is_served_with_its_types_and_confined(folder: Path) -> None:
    async with live(page=folder) as server:
        index = await server.get("/")
        assert index.status_code == 200
        assert "同传" in index.text
        assert index.headers["content-type"] == "text/html; charset=utf-8"
        for suffix, kind in CONTENT_TYPES.items():
            reply = await server.get(f"/js/file{suffix}")
            assert reply.status_code == 200
            assert reply.headers["content-type"] == kind
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.headers["cache-control"] == "no-cache"
        policy = index.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "microphone=(self)" in index.headers["permissions-policy"]
        for hidden in (
            "/js/__init__.py",
            "/.env",
            "/.git/a.js",
            "/../outside.js",
            "/%2e%2e/outside.js",
            "/js",
            "/nothing.js",
        ):
            assert (await server.get(hidden)).status_code in (404, 307), hidden


async def test_an_unchanged_file_is_not_sent_again_and_parts_can_be_asked_for(folder: Path) -> None:
    async with live(page=folder) as server:
        first = await server.get("/js/file.js")
        again = await server.get("/js/file.js", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        part = await server.get("/js/file.flac", headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        assert part.headers["content-type"] == "audio/flac"


async def test_health_and_metrics_win_over_the_page(folder: Path) -> None:
    async with live(page=folder) as server:
        assert (await server.get("/healthz")).json() == {"live": True}
        async with server.started() as talk:
            await talk.send({"type": "session.end"})
            assert await talk.rest() == 1000


async def test_a_server_without_a_page() -> None:
    async with live(page=None) as server:
        assert (await server.get("/")).status_code == 404


def test_the_page_lies_in_the_tree() -> None:
    assert (PAGE_DIR / "index.html").is_file()
