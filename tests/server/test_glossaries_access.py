"""Who may use `/v1/glossaries`: the same keys and origins as the socket's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.desks import check_error, desk

KEY = "a-long-secret"
REQUESTS = (
    ("GET", ""),
    ("POST", ""),
    ("GET", "/names"),
    ("DELETE", "/names"),
    ("GET", "/names/entries"),
    ("POST", "/names/entries"),
    ("PUT", "/names/entries"),
    ("DELETE", "/names/entries"),
    ("GET", "/names/entries/1"),
    ("PUT", "/names/entries/1"),
    ("DELETE", "/names/entries/1"),
    ("POST", "/names/import"),
    ("GET", "/names/export"),
)


async def test_a_key_is_asked_of_everyone(tmp_path: Path) -> None:
    async with desk(tmp_path, api_key=KEY) as rest:
        for method, path in REQUESTS:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}):
                answer = await rest.ask(method, path, headers=headers)
                check_error(answer, 401, "key")
                assert answer.headers["www-authenticate"] == "Bearer"
        right = {"Authorization": f"Bearer {KEY}"}
        assert (await rest.ask("GET", headers=right)).status_code == 200
        assert (await rest.ask("GET", params={"access_token": KEY})).status_code == 200


async def test_pages_of_other_origins_are_turned_away(tmp_path: Path) -> None:
    async with desk(tmp_path) as rest:
        for method, path in REQUESTS:
            answer = await rest.ask(method, path, headers={"Origin": "https://evil.example"})
            check_error(answer, 403, "evil.example")
        own = {"Origin": f"http://127.0.0.1:{rest.server.port}"}
        assert (await rest.ask("GET", headers=own)).status_code == 200


async def test_a_name_that_somebody_pointed_at_the_loopback(tmp_path: Path) -> None:
    async with desk(tmp_path) as rest:
        answer = await rest.ask("GET", headers={"Host": "evil.example"})
        check_error(answer, 403, "evil.example")
        for host in ("localhost", "localhost:8000", "[::1]:8000"):
            assert (await rest.ask("GET", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("allowed", ["https://talks.example", "*"])
async def test_pages_of_allowed_origins_may_make_requests(tmp_path: Path, allowed: str) -> None:
    origin = "https://talks.example"
    async with desk(tmp_path, allowed_origins=[allowed], api_key=KEY) as rest:
        asked = await rest.ask(
            "OPTIONS",
            "/names/entries",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "authorization, content-type, if-match",
            },
        )
        assert asked.status_code == 200, asked.text
        assert asked.headers["access-control-allow-origin"] in (origin, "*")
        headers = {"Origin": origin, "Authorization": f"Bearer {KEY}"}
        answer = await rest.ask("GET", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] in (origin, "*")
        assert "ETag" in answer.headers["access-control-expose-headers"]
        refused = await rest.ask("GET", "/nobody", headers=headers)
        check_error(refused, 404, "nobody")
        assert refused.headers["access-control-allow-origin"] in (origin, "*")
        proxied = {"Host": "talks.example", "Authorization": f"Bearer {KEY}"}
        assert (await rest.ask("GET", headers=proxied)).status_code == 200
