"""The lines that every report shows are those of the printed table."""

from __future__ import annotations

import io

from rich.console import Console

from evaluation import report
from evaluation.measure import Cost
from tests.evaluation.rows import row


def test_lines_have_a_cell_for_each_row() -> None:
    rows = [row(), row()]
    lines = report.figure_lines(rows) + report.cost_lines(rows)
    assert all(len(cells) == 2 for _, cells in lines)
    cells = dict(lines)
    assert cells["BLEU, streamed"] == ["12.35", "12.35"]
    assert cells["encode"] == ["0.700", "0.700"]
    assert cells["peak memory, MiB"] == ["900", "900"]
    assert cells["lag p50, s"] == ["0.10", "0.10"]
    assert cells["lag drift, s"] == ["-", "-"]


def test_a_row_without_costs_has_dashes() -> None:
    bare = report.Row("bare", row().streamed, None, None, None)
    cells = dict(report.cost_lines([bare, row()]))
    assert cells["encode"] == ["-", "0.700"]
    assert dict(report.figure_lines([bare]))["BLEU, offline"] == ["-"]


def test_targets_tell_their_bound() -> None:
    reached = [
        report.Target("at most", 0.25, 0.5),
        report.Target("at least", None, 2, at_most=False),
    ]
    assert report.target_lines(reached) == [
        ("at most", "≤ 0.5", "0.250"),
        ("at least", "≥ 2", "-"),
    ]


def test_the_printed_table_has_every_line() -> None:
    rows = [row(cost=Cost({"encode": 0.7, "boundary": 0.1}, 0.8, None, None, None))]
    page = io.StringIO()
    report.show(rows, report.targets(rows[0], 1), "made", Console(file=page, width=120))
    printed = [" ".join(line.split()) for line in page.getvalue().splitlines()]
    for name, cells in (*report.figure_lines(rows), *report.cost_lines(rows)):
        wanted = f"{' '.join(name.split())} │ {' '.join(cells)}"
        assert any(wanted in line for line in printed), wanted
