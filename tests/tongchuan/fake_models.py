"""`models.factory` with the fake backend, for the command line in this process or its own.

As a program: `python fake_models.py PLAN ARGUMENT…` runs `tongchuan ARGUMENT…` so.
"""

from __future__ import annotations

import asyncio
import sys
import types
from typing import Any

from models.errors import EngineError, WeightsError
from tests.fakes import FakeBackend, FakePlan


def module(backend: FakeBackend) -> Any:
    """What to put into `sys.modules["models.factory"]`."""
    fake = types.ModuleType("models.factory")
    fake.build_backend = lambda _config, _progress=None: backend  # type: ignore[attr-defined]
    return fake


def backend(plan: str) -> FakeBackend:
    """By name: plain, stuck (commits, then takes for ever), unfetched, broken."""
    match plan:
        case "stuck":
            return FakeBackend(FakePlan(gate=asyncio.Event()))
        case "unfetched":
            error = WeightsError("model x is not here; run: tongchuan models fetch x")
            return FakeBackend(start_error=error)
        case "broken":
            return FakeBackend(FakePlan(fail_at=2, error=lambda: EngineError("out of luck")))
        case "lossy":
            return FakeBackend(FakePlan(failures=frozenset({1})))
        case "fault":
            return FakeBackend(FakePlan(fail_at=1, error=lambda: ZeroDivisionError("a bug")))
    return FakeBackend()


if __name__ == "__main__":
    sys.modules["models.factory"] = module(backend(sys.argv[1]))
    from tongchuan.cli import main

    sys.exit(main(sys.argv[2:]))
