"""A server with a glossary database of its own, and a client of its REST interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.server.live import Live, live

ENTRIES: list[dict[str, Any]] = [
    {"source": "马奎尔", "target": "Maguire", "note": "the footballer", "spoken": ["马亏尔"]},
    {"source": "同传", "target": "simultaneous interpretation"},
    {"source": "GPU", "target": "graphics processing unit", "domain": "computing"},
]


@dataclass
class Desk:
    """A client of `/v1/glossaries`."""

    server: Live
    http: httpx.AsyncClient
    database: Path

    async def ask(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        """A request below /v1/glossaries."""
        return await self.http.request(method, f"/v1/glossaries{path}", **options)

    async def made(self, name: str = "names", *entries: dict[str, Any]) -> httpx.Response:
        """A glossary with these entries, as its creation or its filling answered."""
        answer = await self.ask("POST", json={"name": name})
        assert answer.status_code == 201, answer.text
        if entries:
            answer = await self.ask("POST", f"/{name}/entries", json={"entries": list(entries)})
            assert answer.status_code == 200, answer.text
        return answer

    async def sources(self, name: str = "names") -> list[str]:
        """The sources of all entries."""
        answer = await self.ask("GET", f"/{name}/entries", params={"limit": 1000})
        return [entry["source"] for entry in answer.json()["entries"]]


@asynccontextmanager
async def desk(
    tmp_path: Path, *, glossaries: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """A running server and its client, until the block ends."""
    database = tmp_path / "glossaries.db"
    group = {"url": str(database), "wait_s": 2, "refresh_s": 0.05, **(glossaries or {})}
    async with live(glossaries=group, **settings) as server:
        base = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as http:
            yield Desk(server, http, database)


def check_error(answer: httpx.Response, status: int, *words: str, field: str | None = None) -> None:
    """The answer is this error, in the form of all the server's HTTP errors."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.get("field") == field, body
    assert all(word in body["error"] for word in words), body["error"]
    assert answer.headers["cache-control"] == "no-store"
