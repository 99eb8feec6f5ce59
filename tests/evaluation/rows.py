"""A row of figures made up by hand."""

from __future__ import annotations

from evaluation.measure import Cost, Streamed, Texts, Times
from evaluation.quality import Quality
from evaluation.report import Row


def row(name: str = "all", cost: Cost | None = None) -> Row:
    """With an offline run, and with `cost` or one of its own."""
    texts = Texts(0.167, 0.2, Quality(12.346, 40.5, "", ""), Quality(14.0, 50.0, "", ""))
    streamed = Streamed(
        duration_s=4.5,
        texts=texts,
        times=Times(2.6, 3.35, 0.1, 0.3, None, 0.8, 2.2, 2.2),
        erasure=0.25,
        chunks=2,
        segments=2,
        unanswered=0,
        errors=("engine_failed",),
    )
    spent = cost or Cost({"encode": 0.7}, 0.7, 0.5, 900.0, 1.0)
    return Row(name, streamed, texts, texts, spent)
