"""A charged LLM says what its engine says, on the simulated clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from evaluation.charge import Fixed
from evaluation.charged_llm import ChargedLLM
from evaluation.clock import VirtualLoop
from evaluation.costs import Tally
from evaluation.machine import Machine
from models.engines.gate import Priority, PriorityGate
from models.engines.llm import Conversation, Lane, PreemptedError
from models.errors import EngineError
from tests.models.fakes_engines import FakeLLM

FIXED = Fixed(hearing_s=1, prompt_token_s=0, output_token_s=0.25)
HELLO = Conversation("", (), "hello world")  # four pieces of three letters, and the end


def run(fake: FakeLLM, main: Callable[[ChargedLLM], Awaitable[None]]) -> Machine:
    machine = Machine(FIXED, cores=2)

    async def within() -> None:
        await main(ChargedLLM(fake, machine, 2, PriorityGate(1, 4)))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(within())
    return machine


def now() -> float:
    return asyncio.get_running_loop().time()


async def read(
    lane: Lane, priority: Priority, tally: Tally, most: int = 99
) -> list[tuple[float, str]]:
    """The pieces, at most `most`, each with the time it came."""
    found = []
    stream = lane.generate(HELLO, max_tokens=9, priority=priority, telemetry=tally)
    async with aclosing(stream) as pieces:
        async for piece in pieces:
            found.append((now(), piece))
            if len(found) == most:
                break
    return found


def plain() -> FakeLLM:
    return FakeLLM(answer=lambda conversation: conversation.user)


def test_pieces_come_one_by_one() -> None:
    tally = Tally()

    async def main(llm: ChargedLLM) -> None:
        found = await read(llm.lane(), Priority.COMMIT, tally)
        assert found == [(0.25, "hel"), (0.5, "lo "), (0.75, "wor"), (1.0, "ld")]
        assert now() == 1.25  # the end of the text is a token too
        assert llm.idle

    machine = run(plain(), main)
    assert tally.stages == {"translate": pytest.approx(1.25)}
    assert 0 < machine.measured.stages["translate"] < 1  # what it really took


def test_what_is_left_unread_is_not_charged_but_for_one_token() -> None:
    tally = Tally()

    async def main(llm: ChargedLLM) -> None:
        assert len(await read(llm.lane(), Priority.COMMIT, tally, most=2)) == 2
        assert now() == 0.75

    run(plain(), main)
    assert tally.stages == {"translate": pytest.approx(0.75)}


def test_a_commit_takes_the_place_of_a_preview() -> None:
    async def main(llm: ChargedLLM) -> None:
        async def preview() -> None:
            with pytest.raises(PreemptedError):
                await read(llm.lane(), Priority.PREVIEW, Tally())

        task = asyncio.create_task(preview())
        await asyncio.sleep(0.3)  # within its second piece
        assert not llm.idle
        found = await read(llm.lane(), Priority.COMMIT, Tally())
        assert found[0] == (1.0, "hel")  # after that piece and the token that was on its way
        await task

    run(plain(), main)


def test_a_boundary_costs_a_token() -> None:
    tally = Tally()

    async def main(llm: ChargedLLM) -> None:
        assert await llm.lane().boundary(HELLO, "en", tally) == 0.7
        assert now() == 0.25

    run(FakeLLM(boundary=lambda _text: 0.7), main)


def test_a_fault_comes_after_the_pieces_before_it() -> None:
    fake = plain()
    fake.faults, fake.fault_after = [EngineError("gone")], 2

    async def main(llm: ChargedLLM) -> None:
        with pytest.raises(EngineError, match="gone"):
            await read(llm.lane(), Priority.COMMIT, Tally())
        assert now() == 0.75
        assert llm.idle

    run(fake, main)


def test_a_lane_forgets_once_and_is_given_back() -> None:
    fake = plain()

    async def main(llm: ChargedLLM) -> None:
        lane = llm.lane()
        for _ in range(2):
            await read(lane, Priority.COMMIT, Tally())
        lane.close()

    run(fake, main)
    assert len(fake.boundaries) == 1
    assert fake.lanes == 0
