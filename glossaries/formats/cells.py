"""Cells of a table as spreadsheets may open them: never as formulas, and back without a loss."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STARTS = "=+\\-@\t\r\n＝＋－＠"  # OWASP's list, "CSV Injection"; full width too: Excel takes it
_RISKY = re.compile(f"'*[{_STARTS}]")
_GUARDED = re.compile(f"'+[{_STARTS}]")
_PARTS = re.compile(r"\\([\\|])|(\|)")


def guard(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would take for a formula.

    Also before what looks guarded already, so that `unguard` gives back every text.
    """
    return f"'{cell}" if _RISKY.match(cell) else cell


def unguard(cell: str) -> str:
    """What `guard` was given; other texts stay as they are."""
    return cell[1:] if _GUARDED.match(cell) else cell


def join_forms(forms: Iterable[str]) -> str:
    """Spoken forms in one cell: `one|two`, with a backslash before a bar or backslash of theirs."""
    return "|".join(form.replace("\\", "\\\\").replace("|", "\\|") for form in forms)


def split_forms(cell: str) -> tuple[str, ...]:
    """What `join_forms` was given; empty forms are left out."""
    forms, start, current = [], 0, ""
    for mark in _PARTS.finditer(cell):
        current += cell[start : mark.start()] + (mark[1] or "")
        start = mark.end()
        if mark[2]:
            forms.append(current)
            current = ""
    forms.append(current + cell[start:])
    return tuple(form for form in forms if form.strip())
