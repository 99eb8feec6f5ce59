from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.engines.gate import Priority, PriorityGate, Ticket
from models.errors import EngineBusyError


class Visitors:
    """Tasks that hold a place until they are told to leave."""

    def __init__(self, gate: PriorityGate) -> None:
        self.gate = gate
        self.entered: list[str] = []
        self.tickets: dict[str, Ticket] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, name: str, priority: Priority) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, priority))
        await turns()

    async def go(self, name: str) -> None:
        self._leave[name].set()
        await turns()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await turns()

    async def _visit(self, name: str, priority: Priority) -> None:
        async with self.gate.place(priority) as ticket:
            self.entered.append(name)
            self.tickets[name] = ticket
            await self._leave[name].wait()


async def turns(count: int = 6) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_urgent_go_first_and_equals_in_order() -> None:
    visitors = Visitors(PriorityGate(1, 10))
    await visitors.come("first", Priority.COMMIT)
    for name, priority in (
        ("preview 1", Priority.PREVIEW),
        ("boundary 1", Priority.BOUNDARY),
        ("commit 1", Priority.COMMIT),
        ("preview 2", Priority.PREVIEW),
        ("boundary 2", Priority.BOUNDARY),
        ("commit 2", Priority.COMMIT),
    ):
        await visitors.come(name, priority)
    assert visitors.gate.waiting == 6
    for name in ("first", "commit 1", "commit 2", "boundary 1", "boundary 2", "preview 1"):
        assert visitors.entered[-1] == name
        await visitors.go(name)
    await visitors.go("preview 2")
    assert visitors.gate.idle
    assert visitors.gate.waiting == 0


async def test_only_so_many_at_once() -> None:
    visitors = Visitors(PriorityGate(2, 10))
    for name in "abc":
        await visitors.come(name, Priority.COMMIT)
    assert visitors.entered == ["a", "b"]
    assert not visitors.gate.idle
    await visitors.go("b")
    assert visitors.entered == ["a", "b", "c"]
    for name in "ac":
        await visitors.go(name)
    assert visitors.gate.idle


async def test_a_full_queue_refuses_and_stays_usable() -> None:
    visitors = Visitors(PriorityGate(1, 2))
    for name in "abc":
        await visitors.come(name, Priority.COMMIT)
    with pytest.raises(EngineBusyError, match="admit fewer sessions"):
        async with visitors.gate.place(Priority.COMMIT):
            pass
    await visitors.cancel("c")
    await visitors.come("d", Priority.COMMIT)
    for name in "abd":
        await visitors.go(name)
    assert visitors.entered == ["a", "b", "d"]
    assert visitors.gate.idle


async def test_cancelled_while_it_waits_it_is_passed_over() -> None:
    visitors = Visitors(PriorityGate(1, 10))
    for name in "abc":
        await visitors.come(name, Priority.COMMIT)
    await visitors.cancel("b")
    await visitors.go("a")
    assert visitors.entered == ["a", "c"]
    await visitors.go("c")
    assert visitors.gate.idle


async def test_a_place_granted_to_a_cancelled_one_is_handed_on() -> None:
    gate = PriorityGate(1, 10)
    visitors = Visitors(gate)
    async with gate.place(Priority.COMMIT):
        await visitors.come("b", Priority.COMMIT)
        await visitors.come("c", Priority.COMMIT)
    visitors.tasks["b"].cancel()  # granted already, and it has not run since
    await turns()
    assert visitors.entered == ["c"]
    await visitors.go("c")
    assert gate.idle


async def test_an_error_inside_gives_the_place_back() -> None:
    gate = PriorityGate(1, 1)
    with pytest.raises(ZeroDivisionError):
        async with gate.place(Priority.COMMIT):
            raise ZeroDivisionError
    assert gate.idle


async def test_a_preview_is_told_to_leave_by_the_urgent_only() -> None:
    visitors = Visitors(PriorityGate(1, 10))
    await visitors.come("preview", Priority.PREVIEW)
    await visitors.come("another", Priority.PREVIEW)
    assert not visitors.tickets["preview"].preempted
    await visitors.come("boundary", Priority.BOUNDARY)
    assert visitors.tickets["preview"].preempted
    await visitors.go("preview")
    await visitors.come("commit", Priority.COMMIT)
    assert not visitors.tickets["boundary"].preempted
    await visitors.go("boundary")
    await visitors.go("commit")
    assert visitors.entered == ["preview", "boundary", "commit", "another"]
    await visitors.go("another")


async def test_a_preview_that_was_granted_its_place_a_moment_ago_is_told_too() -> None:
    gate = PriorityGate(1, 10)
    visitors = Visitors(gate)

    async def commit() -> None:
        async with gate.place(Priority.COMMIT):
            pass

    async with gate.place(Priority.COMMIT):
        await visitors.come("preview", Priority.PREVIEW)
        urgent = asyncio.create_task(commit())
        # Left before `urgent` has run: the place is granted to the preview.
    await turns()
    assert visitors.tickets["preview"].preempted
    await visitors.go("preview")
    await urgent


async def test_an_urgent_one_that_was_granted_first_is_waited_for_by_no_preview() -> None:
    gate = PriorityGate(1, 10)
    order: list[str] = []

    async def visit(name: str, priority: Priority) -> None:
        async with gate.place(priority) as ticket:
            await asyncio.sleep(0)
            order.append(f"{name} {ticket.preempted}")

    async with gate.place(Priority.COMMIT):
        preview = asyncio.create_task(visit("preview", Priority.PREVIEW))
        await turns()
        commit = asyncio.create_task(visit("commit", Priority.COMMIT))
        await turns()
    await asyncio.gather(preview, commit)
    assert order == ["commit False", "preview False"]


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), places=st.integers(1, 3))
def test_whoever_is_cancelled_no_place_is_lost(seed: int, places: int) -> None:
    chance = random.Random(seed)

    async def scenario() -> None:
        gate = PriorityGate(places, 50)
        inside = most = 0

        async def visit() -> None:
            nonlocal inside, most
            async with gate.place(chance.choice(list(Priority))):
                inside += 1
                most = max(most, inside)
                try:
                    await turns(chance.randrange(4))
                finally:
                    inside -= 1

        tasks = []
        for _ in range(30):
            tasks.append(asyncio.create_task(visit()))
            await turns(chance.randrange(2))
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= places
        assert inside == gate.waiting == 0
        # Every place can be taken again.
        visitors = Visitors(gate)
        for name in range(places):
            await visitors.come(str(name), Priority.COMMIT)
        assert len(visitors.entered) == places
        for name in range(places):
            await visitors.go(str(name))

    asyncio.run(asyncio.wait_for(scenario(), 30))
