"""What work is charged as, in each mode."""

from __future__ import annotations

import pytest

from evaluation.charge import CHARGES, INSTANT_S, Fixed, Free, Measured


def test_measured_is_what_was_measured() -> None:
    assert Measured().hearing(0.3) == 0.3
    assert Measured().pieces([0.2, 0.1], 50) == [0.2, 0.1]
    assert Measured(2).boundary(0.05, 9) == pytest.approx(0.1)
    assert Measured(2).name == "measured x 2"


def test_free_costs_an_instant_whatever_was_measured() -> None:
    assert Free().hearing(9) == Free().boundary(9, 9) == INSTANT_S
    assert Free().pieces([1, 2, 3], 50) == [INSTANT_S] * 3


def test_fixed_counts() -> None:
    fixed = Fixed(hearing_s=0.2, prompt_token_s=0.01, output_token_s=0.03)
    assert fixed.hearing(9) == 0.2
    assert fixed.pieces([9, 9, 9], 50) == pytest.approx([0.53, 0.03, 0.03])
    assert fixed.pieces([], 50) == []
    assert fixed.boundary(9, 10) == pytest.approx(0.13)


def test_charges_are_found_by_their_names() -> None:
    assert all(charge.name == name for name, charge in CHARGES.items())
