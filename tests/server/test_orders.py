"""The core under any interleaving of client, interpreter, clock and shutdown."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models.errors import EngineError
from models.events import ChunkFinal, Flush, Flushed, Glossaries, TranslationDelta
from server.events import Ended, ErrorReport, Started
from server.moves import (
    AudioFrame,
    Borrow,
    Close,
    Deadline,
    Done,
    Drain,
    Emit,
    EndInput,
    Failed,
    Feed,
    Input,
    Open,
)
from server.wire import CODES
from tests.server.test_session import FROM_CLIENT, INPUTS, LEASE, LIMITS, C, session


class Orders(RuleBasedStateMachine):
    """Any interleaving of client, interpreter, clock and shutdown."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.core = session()
        self.wire: list[Any] = []
        self.chunk = 0
        self.flushes: list[str] = []
        self.input_open = self.input_ended = self.closed = self.borrowing = False
        self.glossaries: Glossaries | None = None

    def do(self, item: Input) -> None:
        for action in self.core.handle(item, self.now):
            assert not self.closed
            match action:
                case Borrow():
                    assert not self.input_open
                    self.borrowing = True
                case Open():
                    assert not self.input_open
                    assert action.spec.glossaries is self.glossaries
                    self.input_open = True
                case Feed():
                    assert self.input_open
                    assert not self.input_ended
                    if isinstance(action.item, Flush):
                        self.flushes.append(action.item.marker)
                case EndInput():
                    assert not self.input_ended
                    self.input_ended = True
                case Emit():
                    self.wire.append(self.core.stamp(action.event, self.now))
                case Close():
                    self.closed = True

    @property
    def interpreting(self) -> bool:
        return self.input_open and not self.closed

    @rule(seconds=st.floats(0, 5))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        if self.core.deadline is not None and self.now >= self.core.deadline:
            self.do(Deadline())

    @rule(name=st.sampled_from([name for name in FROM_CLIENT if name not in ("drain", "deadline")]))
    def client(self, name: str) -> None:
        self.do(INPUTS[name])

    @rule(size=st.integers(0, 70_000), waiting=st.floats(0, 130))
    def audio(self, size: int, waiting: float) -> None:
        self.do(AudioFrame(bytes(size), waiting))

    @rule()
    def shutdown(self) -> None:
        self.do(Drain())

    @precondition(lambda self: self.borrowing)
    @rule()
    def glossaries_are_lent(self) -> None:
        self.borrowing = False
        self.glossaries = LEASE
        self.do(INPUTS["lent"])

    @precondition(lambda self: self.interpreting and self.glossaries is not None)
    @rule()
    def glossary_is_deleted(self) -> None:
        self.do(INPUTS["deleted"])

    @precondition(lambda self: self.interpreting)
    @rule(late_ms=st.integers(0, 5000))
    def chunk_done(self, late_ms: int) -> None:
        self.chunk += 1
        end_ms = max(0, self.core.audio_ms - late_ms)
        self.wire.append(self.core.stamp(TranslationDelta(self.chunk, "x"), self.now))
        final = ChunkFinal(self.chunk, "源", "x", 0, end_ms)
        self.wire.append(self.core.stamp(final, self.now))

    @precondition(lambda self: self.interpreting and self.flushes)
    @rule()
    def flush_done(self) -> None:
        self.wire.append(self.core.stamp(Flushed(self.flushes.pop(0)), self.now))

    @precondition(lambda self: self.interpreting and self.input_ended)
    @rule()
    def interpreter_done(self) -> None:
        self.do(Done())

    @precondition(lambda self: self.interpreting)
    @rule()
    def interpreter_failed(self) -> None:
        self.do(Failed(EngineError("gone")))

    @invariant()
    def the_wire_is_in_order(self) -> None:
        assert [stamped.seq for stamped in self.wire] == list(range(1, len(self.wire) + 1))
        times = [stamped.at_ms for stamped in self.wire]
        assert times == sorted(times)
        events = [stamped.event for stamped in self.wire]
        started = [event for event in events if isinstance(event, Started)]
        assert len(started) <= 1
        assert len(self.flushes) <= LIMITS.max_pending_flushes
        for event in events:
            if isinstance(event, ErrorReport):
                assert event.code in CODES
        if any(isinstance(event, Ended) for event in events):
            assert isinstance(events[-1], Ended)
            assert self.closed
        assert self.closed == (self.core.state is C)


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
