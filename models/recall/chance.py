"""How often a term sounds like a stretch of text by chance, as BLAST's E-values tell it of
sequences (Karlin and Altschul 1990): what makes a likeness surprising."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LENGTHS = (2, 3, 4, 5, 6)
"""Syllables of a term; more than these are as rare as the last."""
COSTS = (0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.3)
"""Costs a syllable."""
TABLE = Path(__file__).with_name("chance.json")
"""Made by `python -m training.chance`."""


def share(length: int, cost: float) -> float:
    """The share of places in a text at which a random term of `length` syllables costs at most
    `cost` a syllable. Between the table's costs its logarithm is interpolated."""
    row = _table()[min(length, LENGTHS[-1]) - LENGTHS[0]]
    return float(np.exp(np.interp(cost, COSTS, row)))


@cache
def _table() -> NDArray[np.float64]:
    """Logarithms, shape (lengths, costs)."""
    shares = json.loads(TABLE.read_text(encoding="utf-8"))["shares"]
    table: NDArray[np.float64] = np.log([shares[str(length)] for length in LENGTHS])
    return table
