"""The shelf by itself: what is shared, what is kept ready, what is slow or fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from glossaries import Entry, GlossaryStore, Languages
from models.events import Term
from models.recall.index import TermIndex, indexed
from server.glossary import shelf
from server.glossary.book import Lease
from server.glossary.shelf import Shelf
from server.glossary.terms import session_terms
from server.metrics import Metrics
from tests.glossaries.making import TERMS, config, rows
from tests.server.live import eventually


class Building:
    """A `build` that counts, may wait for a gate, and may fail."""

    def __init__(self) -> None:
        self.built: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failing = False

    def __call__(self, terms: tuple[Term, ...], before: TermIndex | None) -> TermIndex:
        self.built.append(len(terms))
        self.gate.wait(20)
        if self.failing:
            raise RuntimeError("the build was told to fail")
        return indexed(terms, before)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[GlossaryStore]:
    """Two glossaries, `names` of 3 entries and `few` of one."""
    store = GlossaryStore(config(tmp_path / "g.db"))
    await store.create("names")
    await store.load("names", rows(*TERMS))
    await store.create("few")
    await store.load("few", rows(Entry("马奎尔", "another"), Entry("少", "few")))
    yield store
    await store.close()


@asynccontextmanager
async def watched(
    store: GlossaryStore, build: Building, most: int = 100, metrics: Metrics | None = None
) -> AsyncIterator[Shelf]:
    kept = Shelf(store, build=build, refresh_s=0.02, most=most, metrics=metrics)
    watching = asyncio.create_task(kept.watch())
    yield kept
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def targets(lease: Lease) -> list[str]:
    return [term.target for index in lease.indexes() for term in index.terms]


async def test_sessions_share_what_was_built_once(store: GlossaryStore) -> None:
    build = Building()
    async with watched(store, build) as kept:
        leases = await asyncio.gather(*(kept.lease(["names"], "en") for _ in range(5)))
        assert build.built == [3]
        turned = await kept.lease(["names"], "zh")
        assert build.built == [3, 3]
        for lease in (*leases, turned):
            lease.release()
        twice = await kept.lease(["names", "names"], "en")
        assert len(twice.indexes()) == 1
        twice.release()
        assert build.built == [3, 3]


async def test_the_order_is_that_of_the_names(store: GlossaryStore) -> None:
    async with watched(store, Building()) as kept:
        for names, sizes in ((["few", "names"], [2, 3]), (["names", "few"], [3, 2])):
            lease = await kept.lease(names, "en")
            assert [len(index) for index in lease.indexes()] == sizes
            lease.release()


async def test_only_so_much_is_kept_for_nobody(store: GlossaryStore) -> None:
    build = Building()
    async with watched(store, build, most=3) as kept:
        for names in (["names"], ["names"], ["few"], ["few"], ["names"]):
            (await kept.lease(names, "en")).release()
        assert build.built == [3, 2, 3]


async def test_a_change_while_nobody_used_it_is_seen(store: GlossaryStore) -> None:
    async with watched(store, Building()) as kept:
        (await kept.lease(["few"], "en")).release()
        await store.load("few", rows(Entry("新", "new")))
        lease = await kept.lease(["few"], "en")
        assert targets(lease) == ["another", "few", "new"]
        lease.release()


async def test_a_large_glossary_comes_when_it_is_ready(
    store: GlossaryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "_FIRST_READ_S", 0.01)
    build = Building()
    build.gate.clear()
    async with watched(store, build) as kept:
        lease = await kept.lease(["names"], "en")
        assert (lease.faults, targets(lease)) == ((), [])
        build.gate.set()
        await eventually(lambda: targets(lease) == [term.target for term in TERMS])
        lease.release()


async def test_a_build_that_fails_is_tried_again(store: GlossaryStore) -> None:
    build = Building()
    async with watched(store, build) as kept:
        lease = await kept.lease(["names"], "en")
        build.failing = True
        await store.load("names", rows(Entry("新", "new")))
        await eventually(lambda: len(build.built) > 2)
        assert targets(lease) == [term.target for term in TERMS]  # what it had
        build.failing = False
        await eventually(lambda: targets(lease)[3:] == ["new"])
        lease.release()


async def test_many_changes_are_not_taken_in_one_by_one(
    store: GlossaryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "_REST", 1e9)  # times as long as the reading took
    looks = Looks(store, monkeypatch)
    build = Building()
    async with watched(store, build) as kept:
        lease = await kept.lease(["few"], "en")
        for number in range(3):
            await store.load("few", rows(Entry(f"新{number}", "new")))
            await eventually(lambda: len(build.built) > 1)  # the first change at once
            await looks.more(2)
        assert build.built == [2, 3]
        other = await kept.lease(["few"], "en")  # a new session gets what there is
        assert build.built == [2, 3, 5]
        assert targets(lease) == targets(other) == ["another", "few", *["new"] * 3]
        lease.release()
        other.release()


class Looks:
    """Counts how often the shelf asks the database for versions."""

    def __init__(self, store: GlossaryStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._count = 0
        self._versions = store.versions
        monkeypatch.setattr(store, "versions", self._counted)

    async def _counted(self, names: Iterable[str]) -> dict[str, int]:
        self._count += 1
        return await self._versions(names)

    async def more(self, count: int) -> None:
        """Until it has asked `count` times more."""
        wanted = self._count + count
        await eventually(lambda: self._count >= wanted)


@pytest.mark.parametrize(("name", "stage"), [("versions", "look"), ("entries", "read")])
async def test_a_fault_that_nobody_foresaw_does_not_stop_the_watch(
    store: GlossaryStore, monkeypatch: pytest.MonkeyPatch, name: str, stage: str
) -> None:
    metrics = Metrics()
    async with watched(store, Building(), metrics=metrics) as kept:
        lease = await kept.lease(["few"], "en")
        with monkeypatch.context() as patch:
            patch.setattr(store, name, fail)
            await store.load("few", rows(Entry("新", "new")))
            await eventually(lambda: failures(metrics, stage))
        await eventually(lambda: targets(lease)[-1] == "new")
        lease.release()


async def fail(*_args: object) -> None:
    raise RuntimeError("nobody foresaw this")


def failures(metrics: Metrics, stage: str) -> float | None:
    name = "tongchuan_glossary_failures_total"
    return metrics.registry.get_sample_value(name, {"stage": stage})


async def test_a_client_that_leaves_while_it_waits_holds_nothing(store: GlossaryStore) -> None:
    build = Building()
    build.gate.clear()
    async with watched(store, build, most=0) as kept:
        waiting = asyncio.create_task(kept.lease(["names"], "en"))
        await eventually(lambda: build.built)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        build.gate.set()
        (await kept.lease(["names"], "en")).release()
        assert len(build.built) == 2  # nobody had kept the first


async def test_without_a_store_every_name_is_unknown() -> None:
    lease = await Shelf().lease(["a", "b"], "en")
    assert [fault.code for fault in lease.faults] == ["unknown_glossary"] * 2
    assert lease.indexes() == ()


async def test_terms_have_the_direction_of_the_session(store: GlossaryStore) -> None:
    snapshot = await store.entries("names")
    forward = session_terms(snapshot, "en")
    assert forward is not None
    assert [term.source for term in forward] == ["马奎尔", "同传", "GPU"]
    assert forward[0] == Term("马奎尔", "Maguire", "the footballer", ("马亏尔", "麦奎尔"))
    backward = session_terms(snapshot, "zh")
    assert backward is not None
    assert backward[0] == Term("Maguire", "马奎尔", "the footballer")
    await store.create("fr", Languages("fr", "de"))
    assert session_terms(await store.entries("fr"), "en") is None
