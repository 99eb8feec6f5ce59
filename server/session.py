"""One session without I/O: what came in and when, to what must be done. No socket, no clock.

`Session.handle` takes an input and returns actions for the caller to do in order;
`Session.stamp` gives each outgoing event its number and time as it leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from models.errors import EngineError
from models.events import ChunkFinal, Failure, Flush, Flushed, Glossaries, Notice
from server.config import Limits
from server.events import ChunkDone, Ended, ErrorReport, ServerEvent, Stamped, Started
from server.inbox import Inbox
from server.messages import End, FlushRequest, Resume, Start
from server.moves import (
    Action,
    AudioFrame,
    Borrow,
    Close,
    Deadline,
    Done,
    Drain,
    Emit,
    EndInput,
    EndMark,
    Failed,
    Feed,
    GlossaryDeleted,
    Identity,
    Input,
    Invalid,
    Lent,
    Open,
    Outbound,
    Oversize,
    Refusal,
    Refused,
)
from server.quantiles import Quantiles
from server.wire import CloseCode, report


class State(Enum):
    """Where a session stands."""

    WAITING = auto()  # connected, not started
    BORROWING = auto()  # admitted; its glossaries are fetched
    RUNNING = auto()  # audio flows
    ENDING = auto()  # the client said session.end; what is owed is on its way
    DRAINING = auto()  # the server ends it; what is owed is on its way
    CLOSED = auto()  # the close code is on its way; nothing more is heard


class Session:
    """The state of one session. `deadline` is when to hand in a `Deadline`, in `now`'s
    clock; None for never.

    admit: takes a slot, or says why there is none; called once, by a valid `session.start`.
    """

    def __init__(
        self,
        identity: Identity,
        limits: Limits,
        admit: Callable[[], Refusal | None],
        now: float,
    ) -> None:
        self.identity = identity
        self.state = State.WAITING
        self.deadline: float | None = now + limits.start_timeout_s
        self.chunks = 0
        self._limits = limits
        self._admit = admit
        self._asked: Start | None = None
        self._inbox: Inbox | None = None
        self._seq = 0
        self._started_at: float | None = None
        self._pending_flushes = 0
        self._lags = Quantiles()
        self._parting: tuple[ErrorReport | None, Close] = (None, Close(CloseCode.ENDED))

    @property
    def audio_ms(self) -> int:
        """Audio received so far."""
        return self._inbox.received_ms if self._inbox else 0

    def handle(self, item: Input, now: float) -> list[Action]:
        """What to do about `item` at time `now` (seconds of a monotonic clock)."""
        return _MOVES[self.state][type(item)](self, item, now)

    def stamp(self, outbound: Outbound, now: float) -> Stamped:
        """`outbound` as it leaves: completed, with the next `seq` and `at_ms`."""
        event = self._complete(outbound, now)
        if isinstance(event, Started):
            self._started_at = now
        at_ms = 0 if self._started_at is None else round((now - self._started_at) * 1000)
        self._seq += 1
        return Stamped(self._seq, max(0, at_ms), event)

    def _complete(self, outbound: Outbound, now: float) -> ServerEvent:
        match outbound:
            case ChunkFinal():
                assert self._inbox is not None
                arrived = self._inbox.arrivals.take(outbound.end_ms)
                lag_ms = max(0, round((now - arrived) * 1000))
                self._lags.add(lag_ms)
                self.chunks += 1
                return ChunkDone(outbound, lag_ms)
            case Flushed():
                self._pending_flushes -= 1
                return outbound
            case Failure():
                return ErrorReport(outbound.code, outbound.message, fatal=False)
            case EndMark():
                p50, p95 = self._lags.at(0.5), self._lags.at(0.95)
                return Ended(self.audio_ms, self.chunks, p50, p95)
        return outbound

    # Moves: what an input does. `_MOVES` says which applies when.

    def _ignore(self, _item: Input, _now: float) -> list[Action]:
        return []

    def _start(self, item: Start, now: float) -> list[Action]:
        refusal = self._admit()
        if refusal is not None:
            return self._refuse(Refused(refusal), now)
        if not item.glossaries:
            return self._begin(item, now)
        self._asked = item
        self.state, self.deadline = State.BORROWING, None
        return [Borrow(item.glossaries, item.spec.target)]

    def _lent(self, item: Lent, now: float) -> list[Action]:
        assert self._asked is not None
        faults = [Emit(fault) for fault in item.faults]
        return [*self._begin(self._asked, now, item.glossaries), *faults]

    def _begin(self, item: Start, now: float, lent: Glossaries | None = None) -> list[Action]:
        self._inbox = Inbox(item.audio, self._limits, now)
        self.state = State.RUNNING
        self.deadline = now + self._limits.idle_timeout_s
        identity = self.identity
        started = Started(
            session_id=identity.session_id,
            resume_token=identity.resume_token,
            profile=identity.profile,
            source=item.spec.source,
            target=item.spec.target,
            limits=limits_of(self._limits),
        )
        return [Open(replace(item.spec, glossaries=lent)), Emit(started)]

    def _glossary_deleted(self, item: GlossaryDeleted, _now: float) -> list[Action]:
        message = f"the glossary {item.name!r} was deleted; this session keeps its terms"
        return [Emit(Notice("glossary_deleted", message))]

    def _refuse(self, item: Refused, _now: float) -> list[Action]:
        refusal = item.refusal
        error = ErrorReport(
            refusal.code, refusal.message, fatal=True, retry_after_s=refusal.retry_after_s
        )
        return self._close(error, refusal.close)

    def _refuse_draining(self, _item: Drain, _now: float) -> list[Action]:
        error = ErrorReport("draining", "the server is shutting down; connect again", fatal=True)
        return self._close(error, CloseCode.RESTARTING)

    def _resume(self, _item: Resume, _now: float) -> list[Action]:
        message = "this server cannot resume sessions yet; connect and send session.start"
        error = ErrorReport("resume_unsupported", message, fatal=True, field="type")
        return self._close(error, CloseCode.BAD_MESSAGE)

    def _audio(self, item: AudioFrame, now: float) -> list[Action]:
        assert self._inbox is not None
        trouble = self._inbox.trouble(item, now)
        if trouble is not None:
            error, code = trouble
            return self._wind_down(error, code, now)
        if item.data:
            self.deadline = now + self._limits.idle_timeout_s
        samples, events = self._inbox.take(item, now)
        feed: list[Action] = [Feed(samples)] if samples is not None else []
        return feed + [Emit(event) for event in events]

    def _flush(self, item: FlushRequest, _now: float) -> list[Action]:
        assert self._inbox is not None
        if self._pending_flushes >= self._limits.max_pending_flushes:
            message = (
                f"{self._pending_flushes} flushes are not answered yet, which is the limit; "
                "wait for a `flushed`"
            )
            return [Emit(ErrorReport("too_many_flushes", message, fatal=False))]
        self._pending_flushes += 1
        return [*self._rest(), Feed(Flush(item.marker))]

    def _end(self, _item: End, now: float) -> list[Action]:
        self.state = State.ENDING
        self.deadline = now + self._limits.finish_timeout_s
        return [*self._rest(), EndInput()]

    def _drain(self, _item: Drain, now: float) -> list[Action]:
        notice = Notice("draining", "the server is shutting down; your audio so far is finished")
        actions = self._wind_down(None, CloseCode.RESTARTING, now)
        self.deadline = now + self._limits.drain_timeout_s
        return [Emit(notice), *actions]

    def _hurry(self, _item: Drain, now: float) -> list[Action]:
        assert self.deadline is not None
        self.deadline = min(self.deadline, now + self._limits.drain_timeout_s)
        return []

    def _start_timeout(self, _item: Deadline, _now: float) -> list[Action]:
        message = f"no session.start came within {self._limits.start_timeout_s:g} s"
        return self._close(ErrorReport("start_timeout", message, fatal=True), CloseCode.SILENT)

    def _idle(self, _item: Deadline, now: float) -> list[Action]:
        message = f"no audio came for {self._limits.idle_timeout_s:g} s"
        error = ErrorReport("idle_timeout", message, fatal=True)
        return self._wind_down(error, CloseCode.SILENT, now)

    def _unfinished(self, _item: Deadline, _now: float) -> list[Action]:
        message = "the rest of the audio could not be interpreted in time; it is lost"
        error = ErrorReport("finish_timeout", message, fatal=True)
        _, parting = self._parting
        code = CloseCode.INTERNAL if parting.code == CloseCode.ENDED else parting.code
        return [*self._close(error, code)[:1], Emit(EndMark()), Close(code)]

    def _invalid(self, item: Invalid, _now: float) -> list[Action]:
        return [Emit(report(item.error, fatal=False))]

    def _invalid_start(self, item: Invalid, _now: float) -> list[Action]:
        return self._close(report(item.error, fatal=True), CloseCode.BAD_MESSAGE)

    def _out_of_order(self, item: Input, _now: float) -> list[Action]:
        message = f"{_TITLES[type(item)]} {_COMPLAINTS[self.state]}"
        return self._close(ErrorReport("out_of_order", message, True), CloseCode.BAD_MESSAGE)

    def _oversize(self, item: Oversize, _now: float) -> list[Action]:
        message = f"a {item.kind} frame of {item.size} bytes; the limit is {item.limit}"
        return self._close(ErrorReport("frame_too_large", message, True), CloseCode.TOO_LARGE)

    def _stopped_early(self, _item: Done, now: float) -> list[Action]:
        return self._failed(Failed(EngineError("the interpreter stopped by itself")), now)

    def _failed(self, item: Failed, _now: float) -> list[Action]:
        return self._close(report(item.error, fatal=True), CloseCode.INTERNAL)

    def _done(self, _item: Done, _now: float) -> list[Action]:
        self.state, self.deadline = State.CLOSED, None
        error, close = self._parting
        last: list[Action] = [Emit(error)] if error is not None else []
        return [*last, Emit(EndMark()), close]

    # What moves are made of.

    def _close(self, error: ErrorReport, code: CloseCode) -> list[Action]:
        """At once, owing nothing."""
        self.state, self.deadline = State.CLOSED, None
        return [Emit(error), Close(code, error.code)]

    def _wind_down(self, error: ErrorReport | None, code: CloseCode, now: float) -> list[Action]:
        """Hear no more; send what is owed; then `error`, session.ended and the close."""
        self.state = State.DRAINING
        self.deadline = now + self._limits.finish_timeout_s
        self._parting = (error, Close(code, error.code if error else "draining"))
        return [*self._rest(), EndInput()]

    def _rest(self) -> list[Action]:
        """The samples that the decoder and the inbox still hold."""
        assert self._inbox is not None
        samples = self._inbox.rest()
        return [Feed(samples)] if samples is not None else []


def limits_of(limits: Limits) -> dict[str, int]:
    """The limits a client should know, as `session.started` states them."""
    return {
        "max_frame_bytes": limits.max_frame_bytes,
        "max_text_bytes": limits.max_text_bytes,
        "max_lag_ms": limits.max_lag_ms,
        "max_buffer_ms": round(limits.max_buffer_s * 1000),
        "idle_timeout_ms": round(limits.idle_timeout_s * 1000),
        "max_terms": limits.max_terms,
        "max_pending_flushes": limits.max_pending_flushes,
    }


_TITLES: dict[type, str] = {
    Start: "session.start",
    Resume: "session.resume",
    FlushRequest: "flush",
    End: "session.end",
    AudioFrame: "audio",
    Invalid: "a text frame",
}
_COMPLAINTS = {
    State.WAITING: "came before session.start; send that first and wait for session.started",
    State.BORROWING: "came before session.started; wait for that",
    State.RUNNING: "came in a session that has started; one socket is one session",
    State.ENDING: "came after session.end; nothing may follow it",
    State.DRAINING: "came in a session that is ending; one socket is one session",
}

_Move = Callable[[Session, Any, float], list[Action]]
_S = Session

_MOVES: dict[State, dict[type, _Move]] = {
    State.WAITING: {
        Start: _S._start,
        Resume: _S._resume,
        FlushRequest: _S._out_of_order,
        End: _S._out_of_order,
        AudioFrame: _S._out_of_order,
        Invalid: _S._invalid_start,
        Oversize: _S._oversize,
        Refused: _S._refuse,
        Drain: _S._refuse_draining,
        Deadline: _S._start_timeout,
    },
    State.BORROWING: {
        Start: _S._out_of_order,
        Resume: _S._out_of_order,
        FlushRequest: _S._out_of_order,
        End: _S._out_of_order,
        AudioFrame: _S._out_of_order,
        Invalid: _S._out_of_order,
        Oversize: _S._oversize,
        Drain: _S._refuse_draining,
        Deadline: _S._ignore,  # whoever fetches glossaries limits the wait
        Lent: _S._lent,
    },
    State.RUNNING: {
        Start: _S._out_of_order,
        Resume: _S._out_of_order,
        FlushRequest: _S._flush,
        End: _S._end,
        AudioFrame: _S._audio,
        Invalid: _S._invalid,
        Oversize: _S._oversize,
        Drain: _S._drain,
        Deadline: _S._idle,
        Done: _S._stopped_early,
        Failed: _S._failed,
        GlossaryDeleted: _S._glossary_deleted,
    },
    State.ENDING: {
        Start: _S._out_of_order,
        Resume: _S._out_of_order,
        FlushRequest: _S._out_of_order,
        End: _S._out_of_order,
        AudioFrame: _S._out_of_order,
        Invalid: _S._out_of_order,
        Oversize: _S._oversize,
        Drain: _S._hurry,
        Deadline: _S._unfinished,
        Done: _S._done,
        Failed: _S._failed,
        GlossaryDeleted: _S._glossary_deleted,
    },
    State.DRAINING: {
        Start: _S._out_of_order,
        Resume: _S._out_of_order,
        FlushRequest: _S._ignore,  # the client cannot know yet
        End: _S._ignore,
        AudioFrame: _S._ignore,
        Invalid: _S._ignore,
        Oversize: _S._oversize,
        Drain: _S._hurry,
        Deadline: _S._unfinished,
        Done: _S._done,
        Failed: _S._failed,
        GlossaryDeleted: _S._glossary_deleted,
    },
    State.CLOSED: {
        Start: _S._ignore,
        Resume: _S._ignore,
        FlushRequest: _S._ignore,
        End: _S._ignore,
        AudioFrame: _S._ignore,
        Invalid: _S._ignore,
        Oversize: _S._ignore,
        Drain: _S._ignore,
        Deadline: _S._ignore,
        Done: _S._ignore,
        Failed: _S._ignore,
        Lent: _S._ignore,
        GlossaryDeleted: _S._ignore,
    },
}
