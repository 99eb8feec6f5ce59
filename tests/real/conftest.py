"""The real weights of the small profile, loaded once for all tests in this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from models.config import profile_config
from models.factory import build_backend
from tests.real.engines import Engines
from tests.server import live

# One thread each for recogniser and LLM, and long limits: a busy machine is slow, not broken.
_LLM: dict[str, object] = {"threads": 1, "timeout_s": 180.0}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines() -> AsyncIterator[Engines]:
    """Recogniser and LLM; the tests that use them run in the session's event loop."""
    backend = build_backend(profile_config("small", {"llm": _LLM}))
    capacity = await backend.start()
    yield Engines(backend, capacity)
    await backend.close()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real models take their time, more so on a busy machine."""
    monkeypatch.setattr(live, "PATIENCE_S", 180.0)
