"""The recogniser keeps nothing for each length of window: a session has hundreds of lengths."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]

from models.interpreter import NoTelemetry
from tests.real.engines import REAL, Engines, mel_windows

pytestmark = REAL

_LENGTHS = range(300, 1100, 8)  # frames of 10 ms
_MOST_MIB = 40.0
"""A hundred lengths took 110 MiB while oneDNN kept a kernel for each."""


async def test_memory_does_not_grow_with_the_lengths_of_windows(engines: Engines) -> None:
    frames = next(mel_windows("zh-talk", 14.0))

    async def hear(count: int) -> None:
        await engines.recogniser.hear(
            frames[:count], language="zh", max_new=4, telemetry=NoTelemetry()
        )

    def used_mib() -> float:
        return float(psutil.Process().memory_info().rss) / 2**20

    for count in (1150, 1100, 700, 300, 1150):
        await hear(count)
    before = used_mib()
    for count in _LENGTHS:
        await hear(count)
    assert used_mib() - before < _MOST_MIB
