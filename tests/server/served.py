"""A process that serves a fake backend, for tests that send it signals: `python served.py PLAN`."""

from __future__ import annotations

import sys

from models.errors import TongchuanError, WeightsError
from server.config import load_settings
from server.serve import run
from tests.fakes import FakeBackend, FakePlan


def main(plan: str) -> int:
    """Exit code: 0 after an orderly stop, 1 when it could not start."""
    backend = FakeBackend(FakePlan(delay_s=60 if plan == "stuck" else 0.05))
    if plan == "broken":
        backend.start_error = WeightsError("model.bin is missing; run: tongchuan models fetch")
    try:
        run(load_settings(), backend)
    except TongchuanError as error:
        print(error, file=sys.stderr)  # noqa: T201 - what a command line would do
        return 1
    assert backend.closed
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
