"""`python -m evaluation.contention`: how much recogniser and language model slow each other, for
several counts of turns that the language model's threads spin before they sleep."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from models.config import ModelsConfig
from models.engines.gate import Priority
from models.engines.llm import Conversation, Lane
from models.engines.whisper import WhisperEngine
from models.errors import TongchuanError
from models.factory import load_recogniser, make_llm
from models.interpreter import NoTelemetry
from tongchuan.settings import models_config

_ONE = "TONGCHUAN_CONTENTION_ONE"
_SPINS = "GOMP_SPINCOUNT"
_FRAMES = 700  # 7 s: what a window usually holds
_WARM_S = 2.0
_LIMIT_S = 600.0


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.contention", description=__doc__)
    parser.add_argument("--profile", default="embedded", help="models and their settings")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (10)")
    parser.add_argument(
        "--spins", type=int, nargs="+", default=[0, 1000, 10_000, 300_000], help="counts to try"
    )
    args = parser.parse_args(argv)
    if os.environ.get(_ONE):
        return asyncio.run(_one(models_config(args.profile), args.seconds))
    sys.stdout.write("spins     alone: tokens/s  windows/s     together: tokens/s  windows/s\n")
    sys.stdout.flush()
    for spins in args.spins:
        command = [sys.executable, "-m", "evaluation.contention", "--profile", args.profile]
        done = subprocess.run(  # the library reads the count once, when it loads
            [*command, "--seconds", str(args.seconds)],
            env=os.environ | {_ONE: "1", _SPINS: str(spins)},
            timeout=_LIMIT_S,
            check=False,
        )
        if done.returncode:
            return 1
    return 0


async def _one(config: ModelsConfig, seconds: float) -> int:
    try:
        recogniser, llm = load_recogniser(config), make_llm(config)
        await llm.start()
    except TongchuanError as error:
        sys.stderr.write(f"contention: {error}\n")
        return 1
    lane = llm.lane()

    async def speak() -> int:
        return await _speak(lane)

    async def hear() -> int:
        return await _hear(recogniser)

    for work in (speak, hear):
        await _rate(work, _WARM_S)
    alone = [await _rate(work, seconds) for work in (speak, hear)]
    both = await asyncio.gather(_rate(speak, seconds), _rate(hear, seconds))
    shares = [after / before for before, after in zip(alone, both, strict=True)]
    sys.stdout.write(
        f"{os.environ[_SPINS]:>6} {alone[0]:16.1f} {alone[1]:10.1f} "
        f"{both[0]:16.1f} ({shares[0]:.2f}) {both[1]:5.1f} ({shares[1]:.2f})\n"
    )
    sys.stdout.flush()
    lane.close()
    await llm.close()
    recogniser.close()
    return 0


async def _rate(work: Callable[[], Awaitable[int]], seconds: float) -> float:
    """What is done a second, over at least `seconds`."""
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        count += await work()
    return count / (time.perf_counter() - started)


async def _speak(lane: Lane) -> int:
    """Tokens of one answer."""
    text = f"今天我们谈谈同声传译，第{time.monotonic_ns() % 1000}次。"
    pieces = lane.generate(
        Conversation("Translate.", (), text),
        max_tokens=24,
        priority=Priority.COMMIT,
        telemetry=NoTelemetry(),
    )
    return sum([1 async for _ in pieces])


async def _hear(recogniser: WhisperEngine) -> int:
    """One window."""
    noise = np.random.default_rng(0).normal(-1, 1, (_FRAMES, recogniser.n_mels))
    prefix = recogniser.encode_text("今天天气很好" * 4)
    await recogniser.hear(
        noise.astype(np.float32),
        language="zh",
        prefix=prefix,
        max_new=4,
        telemetry=NoTelemetry(),
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
