"""The ASGI application: the WebSocket, glossaries, health, metrics, the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.websockets import WebSocket

from glossaries.store import GlossaryStore
from models.errors import TongchuanError
from models.interpreter import InterpreterBackend
from server.config import Settings
from server.connection import Connection
from server.glossary import router
from server.glossary.desk import Desk
from server.hub import Hub
from server.page import PAGE_DIR, Page


def create_app(
    settings: Settings,
    backend: InterpreterBackend,
    *,
    page: Path | None = PAGE_DIR,
    on_failure: Callable[[TongchuanError], None] | None = None,
) -> FastAPI:
    """The application over `backend`, which its lifespan starts (in the background) and closes,
    as it does the glossaries' database.

    page: folder served at `/`; None or missing for none.
    on_failure: told when the backend cannot start.
    The shared state is at `app.state.hub`, that of glossaries at `app.state.glossaries`.
    """
    store = GlossaryStore(settings.glossaries)
    hub = Hub(settings, backend, on_failure, store)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loops = (hub.warm(), hub.measure_loop(), hub.recover_loop(), hub.shelf.watch())
        tasks = [asyncio.ensure_future(loop) for loop in loops]
        try:
            yield
        finally:
            hub.draining.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await store.close()
            await backend.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.state.hub = hub
    _add_operations(app, hub)
    app.state.glossaries = Desk(store, settings, hub.metrics.glossary_requests)
    app.include_router(router.router)
    _let_pages_ask(app, settings.allowed_origins)

    @app.websocket("/v1/interpret")
    async def interpret(socket: WebSocket) -> None:
        await Connection(socket, hub).run()

    if page is not None and page.is_dir():
        app.mount("/", Page(directory=page, html=True))
    return app


def _let_pages_ask(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Let browsers' pages of other origins that are allowed make plain requests too (CORS)."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match"],
            expose_headers=["ETag", "Location", "Retry-After", "Content-Disposition"],
        )


def _add_operations(app: FastAPI, hub: Hub) -> None:
    no_store = {"Cache-Control": "no-store"}

    @app.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"live": True}, headers=no_store)

    @app.get("/readyz")
    async def readyz() -> Response:
        reason = hub.unready()
        admission = hub.admission
        body: dict[str, object] = {
            "ready": not reason,
            "active": admission.active,
            "slots": admission.slots,
        }
        if reason:
            body["reason"] = reason
        return JSONResponse(body, 503 if reason else 200, headers=no_store)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(hub.metrics.text(), media_type=CONTENT_TYPE_LATEST, headers=no_store)

    @app.get("/v1/interpret")
    async def not_a_socket() -> Response:
        message = "this address is a WebSocket; see docs/protocol.md"
        return JSONResponse({"error": message}, 426, headers={"Upgrade": "websocket"})
