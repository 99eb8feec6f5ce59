"""The core against every legal and illegal order of inputs, without a socket."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import EngineError
from models.events import Audio, ChunkFinal, Flush, Notice, SessionSpec
from server.arrivals import MAX_ENTRIES
from server.config import Limits
from server.errors import BadMessageError
from server.events import AudioAck, ChunkDone, Ended, ErrorReport, Started
from server.glossary.book import Lease
from server.messages import AudioFormat, End, FlushRequest, Resume, Start
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
    Oversize,
    Refusal,
    Refused,
)
from server.session import _MOVES, Session, State, limits_of
from server.wire import CloseCode

LIMITS = Limits(max_pending_flushes=3)
PCM = AudioFormat("pcm_s16le", 16000, 1)
START = Start(SessionSpec("zh", "en"), PCM, ())
NAMING = Start(SessionSpec("zh", "en"), PCM, ("one", "two"))
LEASE = Lease((), lambda: None)
UNKNOWN = ErrorReport("unknown_glossary", "no", fatal=False, field="glossaries[1]")
REFUSAL = Refusal("no_free_slot", "full", CloseCode.TRY_LATER, 7)
SECOND = bytes(32000)

INPUTS: dict[str, Input] = {
    "start": START,
    "naming": NAMING,
    "resume": Resume(),
    "audio": AudioFrame(bytes(3200)),
    "flush": FlushRequest("m"),
    "end": End(),
    "invalid": Invalid(BadMessageError("invalid_json", "not JSON")),
    "oversize": Oversize("binary", 9, 8),
    "drain": Drain(),
    "deadline": Deadline(),
    "done": Done(),
    "failed": Failed(EngineError("gone")),
    "lent": Lent(LEASE, (UNKNOWN,)),
    "deleted": GlossaryDeleted("one"),
}
FROM_INTERPRETER = {"done", "failed", "deleted"}
FROM_CLIENT = [name for name in INPUTS if name not in FROM_INTERPRETER | {"lent"}]

# What each input leads to: state after, close code (None: stays open). "" keeps the state.
W, B, R, E, D, C = State
EXPECTED: dict[tuple[State, str], tuple[State, int | None]] = {
    (W, "start"): (R, None),
    (W, "naming"): (B, None),
    (W, "resume"): (C, 4400),
    (W, "audio"): (C, 4400),
    (W, "flush"): (C, 4400),
    (W, "end"): (C, 4400),
    (W, "invalid"): (C, 4400),
    (W, "oversize"): (C, 4413),
    (W, "drain"): (C, 1012),
    (W, "deadline"): (C, 4408),
    (B, "start"): (C, 4400),
    (B, "naming"): (C, 4400),
    (B, "resume"): (C, 4400),
    (B, "audio"): (C, 4400),
    (B, "flush"): (C, 4400),
    (B, "end"): (C, 4400),
    (B, "invalid"): (C, 4400),
    (B, "oversize"): (C, 4413),
    (B, "drain"): (C, 1012),
    (B, "deadline"): (B, None),
    (B, "lent"): (R, None),
    (R, "start"): (C, 4400),
    (R, "naming"): (C, 4400),
    (R, "resume"): (C, 4400),
    (R, "audio"): (R, None),
    (R, "flush"): (R, None),
    (R, "end"): (E, None),
    (R, "invalid"): (R, None),
    (R, "oversize"): (C, 4413),
    (R, "drain"): (D, None),
    (R, "deadline"): (D, None),
    (R, "done"): (C, 1011),
    (R, "failed"): (C, 1011),
    (R, "deleted"): (R, None),
    (E, "start"): (C, 4400),
    (E, "naming"): (C, 4400),
    (E, "resume"): (C, 4400),
    (E, "audio"): (C, 4400),
    (E, "flush"): (C, 4400),
    (E, "end"): (C, 4400),
    (E, "invalid"): (C, 4400),
    (E, "oversize"): (C, 4413),
    (E, "drain"): (E, None),
    (E, "deadline"): (C, 1011),
    (E, "done"): (C, 1000),
    (E, "failed"): (C, 1011),
    (E, "deleted"): (E, None),
    (D, "start"): (C, 4400),
    (D, "naming"): (C, 4400),
    (D, "resume"): (C, 4400),
    (D, "audio"): (D, None),
    (D, "flush"): (D, None),
    (D, "end"): (D, None),
    (D, "invalid"): (D, None),
    (D, "oversize"): (C, 4413),
    (D, "drain"): (D, None),
    (D, "deadline"): (C, 1012),
    (D, "done"): (C, 1012),
    (D, "failed"): (C, 1011),
    (D, "deleted"): (D, None),
    **{(C, name): (C, None) for name in INPUTS},
}
PATHS: dict[State, list[str]] = {
    W: [],
    B: ["naming"],
    R: ["start"],
    E: ["start", "end"],
    D: ["start", "drain"],
    C: ["resume"],
}


def session(refusal: Refusal | None = None, limits: Limits = LIMITS) -> Session:
    return Session(Identity("id", "token", "embedded"), limits, lambda: refusal, 0.0)


def closes(actions: list[Action]) -> list[int]:
    return [int(action.code) for action in actions if isinstance(action, Close)]


@pytest.mark.parametrize(("state", "name"), EXPECTED, ids=lambda part: getattr(part, "name", part))
def test_every_input_in_every_state(state: State, name: str) -> None:
    core = session()
    for step in PATHS[state]:
        core.handle(INPUTS[step], 0.0)
    assert core.state is state
    actions = core.handle(INPUTS[name], 1.0)
    after, code = EXPECTED[state, name]
    assert core.state is after
    assert closes(actions) == ([] if code is None else [code])
    if after is C:
        assert core.deadline is None
        assert all(isinstance(action, Emit | Close) for action in actions)
    else:
        assert (core.deadline is None) == (after is B)


def test_the_table_is_complete() -> None:
    impossible = {W: {*FROM_INTERPRETER, "lent"}, B: FROM_INTERPRETER, C: set()}
    impossible |= {state: {"lent"} for state in (R, E, D)}
    for state in State:
        kinds = {type(item) for name, item in INPUTS.items() if name not in impossible[state]}
        assert set(_MOVES[state]) == kinds | ({Refused} if state is W else set())
    possible = {(s, n) for s in State for n in INPUTS if n not in impossible[s]}
    assert possible == set(EXPECTED)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_order_of_messages_ends_or_goes_on_in_order(length: int) -> None:
    for order in itertools.product(FROM_CLIENT, repeat=length):
        core = session()
        opened = ended = closed = 0
        for name in order:
            for action in core.handle(INPUTS[name], 1.0):
                assert not closed  # nothing follows a close
                opened += isinstance(action, Open)
                ended += isinstance(action, EndInput)
                closed += isinstance(action, Close)
                if isinstance(action, Feed):
                    assert opened == 1
                    assert not ended
                if isinstance(action, Emit):
                    core.stamp(action.event, 1.0)
        assert opened <= 1
        assert ended <= 1
        assert (core.state is C) == bool(closed)


def test_a_start_without_a_slot() -> None:
    actions = session(REFUSAL).handle(START, 0.0)
    error, close = actions
    assert error == Emit(ErrorReport("no_free_slot", "full", fatal=True, retry_after_s=7))
    assert close == Close(CloseCode.TRY_LATER, "no_free_slot")


def test_glossaries_are_fetched_before_the_session_opens() -> None:
    core = session()
    assert core.handle(NAMING, 0.0) == [Borrow(("one", "two"), "en")]
    opened, started, told = core.handle(Lent(LEASE, (UNKNOWN,)), 4.0)
    assert opened == Open(SessionSpec("zh", "en", glossaries=LEASE))
    assert isinstance(started, Emit)
    assert isinstance(started.event, Started)
    assert told == Emit(UNKNOWN)
    (notice,) = core.handle(GlossaryDeleted("one"), 5.0)
    assert isinstance(notice, Emit)
    assert isinstance(notice.event, Notice)
    assert notice.event.code == "glossary_deleted"
    assert "'one'" in notice.event.message


def test_a_start_without_a_slot_fetches_nothing() -> None:
    assert closes(session(REFUSAL).handle(NAMING, 0.0)) == [1013]


def test_turned_away_at_the_door() -> None:
    assert closes(session().handle(Refused(REFUSAL), 0.0)) == [1013]


def test_an_end_hands_over_every_sample_and_then_ends() -> None:
    core = session()
    core.handle(START, 0.0)
    fed = 0
    actions: list[Action] = []
    for _ in range(100):
        actions += core.handle(AudioFrame(bytes(7)), 0.5)
    actions += core.handle(End(), 1.0)
    for action in actions:
        if isinstance(action, Feed) and isinstance(action.item, Audio):
            fed += len(action.item.samples)
    assert fed == 350
    assert actions[-1] == EndInput()
    assert core.handle(Done(), 2.0) == [Emit(EndMark()), Close(CloseCode.ENDED)]


def test_a_flush_follows_all_audio_before_it() -> None:
    core = session()
    core.handle(START, 0.0)
    core.handle(AudioFrame(bytes(6)), 0.1)
    audio, flush = core.handle(FlushRequest("m"), 0.2)
    assert isinstance(audio, Feed)
    assert isinstance(audio.item, Audio)
    assert len(audio.item.samples) == 3
    assert flush == Feed(Flush("m"))


def test_lag_is_measured_from_the_arrival_of_a_chunks_last_audio() -> None:
    core = session()
    (_, started) = core.handle(START, 10.0)
    assert isinstance(started, Emit)
    assert core.stamp(started.event, 10.5).at_ms == 0
    for second in range(5):
        core.handle(AudioFrame(SECOND), 11.0 + second)
    for chunk, (end_ms, sent_at, lag_ms) in enumerate(
        [(1000, 13.0, 2000), (1500, 13.0, 1000), (4200, 15.25, 250), (9000, 16.0, 1000)], 1
    ):
        final = ChunkFinal(chunk, "源", "text", 0, end_ms)
        stamped = core.stamp(final, sent_at)
        assert stamped.event == ChunkDone(final, lag_ms)
        assert stamped.at_ms == (sent_at - 10.5) * 1000
    ended = core.stamp(EndMark(), 20.0).event
    assert isinstance(ended, Ended)
    assert (ended.audio_ms, ended.chunks) == (5000, 4)
    assert ended.lag_p50_ms == pytest.approx(1000, rel=0.01)
    assert ended.lag_p95_ms == pytest.approx(2000, rel=0.01)


def test_a_pause_gives_no_credit_against_real_time() -> None:
    core = session(limits=Limits(max_buffer_s=2.0, max_backlog_s=10.0))
    core.handle(START, 0.0)
    for second in range(1, 10):  # real time is never too fast
        core.handle(AudioFrame(SECOND), float(second))
    core.handle(AudioFrame(SECOND), 100.0)
    core.handle(AudioFrame(SECOND), 100.0)
    assert core.state is R
    core.handle(AudioFrame(SECOND), 100.0)
    assert core.state is D
    error = core.handle(Done(), 101.0)[0]
    assert isinstance(error, Emit)
    assert isinstance(error.event, ErrorReport)
    assert error.event.code == "too_fast"


def test_waiting_audio_that_the_client_sent_early_is_no_lag() -> None:
    core = session(limits=Limits(lagging_s=5.0))
    core.handle(START, 0.0)
    actions = core.handle(AudioFrame(SECOND * 20, waiting_s=0.0), 0.0)
    actions += core.handle(AudioFrame(SECOND, waiting_s=20.0), 1.0)
    assert not [action for action in actions if isinstance(action, Emit) and _notice(action)]
    first = core.handle(AudioFrame(SECOND, waiting_s=20.0), 30.0)
    assert [_notice(action) for action in first if isinstance(action, Emit)].count("lagging") == 1
    assert not any(_notice(a) for a in core.handle(AudioFrame(SECOND, 20.0), 31.0))
    core.handle(AudioFrame(SECOND, waiting_s=0.0), 40.0)  # caught up
    again = core.handle(AudioFrame(SECOND, waiting_s=20.0), 60.0)
    assert "lagging" in [_notice(action) for action in again]


def _notice(action: Action) -> str:
    code = getattr(getattr(action, "event", None), "code", "")
    return code if code == "lagging" else ""


def test_acknowledgements_come_about_once_a_second() -> None:
    core = session()
    core.handle(START, 0.0)
    acks = [
        action.event.received_ms
        for step in range(1, 501)
        for action in core.handle(AudioFrame(bytes(640)), step * 0.02)
        if isinstance(action, Emit) and isinstance(action.event, AudioAck)
    ]
    assert 9 <= len(acks) <= 10
    assert acks == sorted(acks)


@pytest.mark.parametrize("answered", [True, False])
def test_memory_does_not_grow_with_the_stream(answered: bool) -> None:
    core = session()
    core.handle(START, 0.0)
    sizes = []
    for second in range(1, 3601):
        for part in range(4):
            core.handle(AudioFrame(bytes(8000)), second + part / 4)
        if answered:
            core.stamp(ChunkFinal(second, "", "", 0, second * 1000 - 500), second + 1.0)
        inbox = core._inbox
        assert inbox is not None
        sizes.append(len(inbox.arrivals) + len(core._lags) + len(inbox._pieces))
    assert max(sizes) <= (10 if answered else MAX_ENTRIES)


def test_limits_that_clients_are_told() -> None:
    told = limits_of(Limits())
    assert {"max_frame_bytes", "max_lag_ms", "max_buffer_ms"} <= set(told)
    assert all(type(value) is int for value in told.values())


@given(st.lists(st.integers(1, 5000), max_size=60), st.integers(1, 2))
def test_received_audio_is_exact_for_any_cut(sizes: list[int], channels: int) -> None:
    core = session(limits=Limits(max_buffer_s=3000, max_backlog_s=6000))
    core.handle(Start(START.spec, AudioFormat("pcm_f32le", 44100, channels), ()), 0.0)
    for size in sizes:
        core.handle(AudioFrame(bytes(size)), 0.0)
    assert core.audio_ms == sum(sizes) // (4 * channels) * 1000 // 44100
