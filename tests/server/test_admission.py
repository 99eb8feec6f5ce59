from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.admission import Admission
from server.wire import CloseCode


def test_no_slots_before_the_machine_is_measured() -> None:
    refusal = Admission().take()
    assert refusal is not None
    assert (refusal.code, refusal.close) == ("not_ready", CloseCode.TRY_LATER)
    assert refusal.retry_after_s


def test_slots_are_taken_and_come_back() -> None:
    admission = Admission()
    admission.slots = 2
    assert admission.take() is None
    assert admission.take() is None
    refusal = admission.take()
    assert refusal is not None
    assert refusal.code == "no_free_slot"
    admission.free(10.0)
    assert admission.take() is None
    assert (admission.active, admission.admitted) == (2, 3)


def test_a_closing_server_admits_nobody() -> None:
    admission = Admission()
    admission.slots, admission.closing = 2, True
    refusal = admission.take()
    assert refusal is not None
    assert refusal.close == CloseCode.RESTARTING


def test_the_wait_follows_how_long_sessions_last() -> None:
    admission = Admission()
    admission.slots = 4
    for _ in range(4):
        admission.take()
    assert admission.retry_after_s() == 15  # a minute is the guess before any session ended
    for _ in range(10):
        admission.free(200.0)
        admission.take()
    assert admission.retry_after_s() == 50


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_the_wait_is_always_sensible(lengths: list[float]) -> None:
    admission = Admission()
    admission.slots = 1
    for length in lengths:
        assert admission.take() is None
        admission.free(length)
    assert 1 <= admission.retry_after_s() <= 120
