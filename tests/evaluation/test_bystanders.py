"""Work of others is seen, and our own is not taken for it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from evaluation.bystanders import Bystanders


def test_others_are_all_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = SimpleNamespace(user=100.0, nice=0.0, system=10.0, idle=500.0, steal=0.0)
    own = SimpleNamespace(user=50.0, system=5.0)
    clock = [1000.0]
    monkeypatch.setattr("psutil.cpu_times", lambda: machine)
    process = SimpleNamespace(cpu_times=lambda: own)
    monkeypatch.setattr("psutil.Process", lambda: process)
    watch = Bystanders(lambda: clock[0])
    assert watch.cores == 0
    clock[0] += 10
    own.user, machine.user = own.user + 12, machine.user + 12  # ours
    assert watch.cores == 0
    machine.nice, machine.steal, machine.idle = 3.0, 2.0, 505.0
    assert watch.cores == pytest.approx(0.5)


def test_on_this_machine_it_is_a_number() -> None:
    assert Bystanders().cores >= 0
