from __future__ import annotations

import pytest

from server.config import Settings
from server.gate import origin_allowed
from tests.server.live import Live, live

LOCAL = {"host": "127.0.0.1"}
PUBLIC = {"host": "0.0.0.0"}
LISTED = {"host": "127.0.0.1", "allowed_origins": ["https://talks.example"]}
ANY = {"host": "127.0.0.1", "allowed_origins": ["*"]}


@pytest.mark.parametrize(
    ("origin", "host", "settings", "allowed"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", LOCAL, True),
        ("http://localhost:8000", "localhost:8000", LOCAL, True),
        ("http://[::1]:8000", "[::1]:8000", LOCAL, True),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", LOCAL, False),
        ("http://localhost:8000", "127.0.0.1:8000", LOCAL, False),
        ("https://evil.example", "127.0.0.1:8000", LOCAL, False),
        ("http://rebound.example:8000", "rebound.example:8000", LOCAL, False),
        ("null", "127.0.0.1:8000", LOCAL, False),
        ("null", "", LOCAL, False),
        ("", "", LOCAL, False),
        ("https://talks.example", "talks.example", PUBLIC, True),
        ("https://evil.example", "talks.example", PUBLIC, False),
        ("https://talks.example", "127.0.0.1:8000", LISTED, True),
        ("https://Talks.Example", "127.0.0.1:8000", LISTED, True),
        ("http://talks.example", "127.0.0.1:8000", LISTED, False),
        ("https://evil.example", "127.0.0.1:8000", ANY, True),
    ],
)
def test_origins(origin: str, host: str, settings: dict[str, object], allowed: bool) -> None:
    assert origin_allowed(origin, host, Settings.model_validate(settings)) is allowed


async def refused(server: Live, path: str = "/v1/interpret", **options: object) -> str:
    """The code with which a client is turned away; "" when it gets a session."""
    async with server.talk(path, **options) as talk:
        try:
            await talk.start()
        except Exception:  # noqa: BLE001 - whatever way it was closed, the events tell
            assert await talk.rest() == 4401
            code: str = talk.last_error()["code"]
            return code
        return ""


async def test_origins_over_a_socket() -> None:
    async with live() as server:
        assert await refused(server) == ""
        assert await refused(server, origin=f"http://127.0.0.1:{server.port}") == ""
        assert await refused(server, origin="https://evil.example") == "origin_not_allowed"
        await server.empty()


async def test_keys_over_a_socket() -> None:
    async with live(api_key="open sesame") as server:
        assert await refused(server) == "unauthorised"
        for wrong in ("Bearer open sesam", "Bearer", "Basic open sesame", "Bearer öpen"):
            headers = {"Authorization": wrong.encode().decode("latin-1")}
            assert await refused(server, additional_headers=headers) == "unauthorised"
        right = {"Authorization": "Bearer open sesame"}
        assert await refused(server, additional_headers=right) == ""
        assert await refused(server, "/v1/interpret?access_token=open%20sesame") == ""
        assert await refused(server, "/v1/interpret?access_token=no") == "unauthorised"
        assert server.metric("tongchuan_sessions_refused_total", code="unauthorised") == 6
