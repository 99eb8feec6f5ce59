"""Back to readiness after an engine's fault, also when no session comes to prove it well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from models.interpreter import InterpreterBackend
from server.metrics import Metrics

logger = logging.getLogger("tongchuan.server")

_LOOK_S = 0.5
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_CHECK_LIMIT_S = 60.0


class Recovery:
    """Has engines that are at fault checked, again and again, ever more seldom.

    While `/readyz` says no, nobody may be sent here, so no session would ever succeed.
    `sleep` waits so many seconds.
    """

    def __init__(
        self,
        backend: InterpreterBackend,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._backend = backend
        self._metrics = metrics
        self._sleep = sleep

    async def run(self) -> None:
        """Watch for faults, for ever."""
        while True:
            await self._sleep(_LOOK_S)
            if self._backend.faults():
                await self._recover()

    async def _recover(self) -> None:
        logger.warning("not ready: %s", "; ".join(self._backend.faults()))
        wait_s = _FIRST_WAIT_S
        while True:
            await self._sleep(wait_s)
            if not self._backend.faults():  # a session found out first
                break
            if await self._check():
                break
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        logger.info("ready again")

    async def _check(self) -> bool:
        """Whether all engines work now."""
        try:
            async with asyncio.timeout(_CHECK_LIMIT_S):
                await self._backend.check()
        except TimeoutError:
            logger.warning("a self-check took longer than %g s", _CHECK_LIMIT_S)
        except Exception:  # whatever it is, the next check must come
            logger.exception("a self-check failed")
        passed = not self._backend.faults()
        self._metrics.checks.labels("passed" if passed else "failed").inc()
        return passed
