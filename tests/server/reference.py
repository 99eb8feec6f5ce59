"""The tables in docs/ that repeat what the code says. `python -m tests.server.reference` writes
them anew; a test compares them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from models.config import ModelsConfig
from server.config import ENV_DELIMITER, ENV_PREFIX, Limits, Settings
from server.hub import Hub
from server.session import limits_of
from server.wire import CODES
from tests.fakes import FakeBackend

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(value: Any) -> str:
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{', '.join(map(str, value))}`"
    if isinstance(value, SecretStr):
        assert not value.get_secret_value(), "a secret has no default"
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    """A row for every single value; groups are walked into."""
    for name, field in model.model_fields.items():
        key = prefix + name.upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation, key + ENV_DELIMITER)
        elif model is not ModelsConfig or name != "profile":  # the server's table has it
            yield f"`{key}`", _shown(field.default), field.description or ""


def settings_table(models: bool) -> str:
    """Every key of the environment: those of the server, or those of the models."""
    rows = _rows(ModelsConfig if models else Settings, ENV_PREFIX)
    head = ("key", "default of `embedded`" if models else "default", "what")
    return _table(head, list(rows))


def metrics_table() -> str:
    """Every series of ours."""
    registry = Hub(Settings(), FakeBackend()).metrics.registry
    rows = []
    for family in registry.collect():
        if family.name.startswith("tongchuan_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            rows.append((f"`{name}`", family.type, family.documentation))
    return _table(("series", "type", "what"), sorted(rows))


def errors_table() -> str:
    """Every error code."""
    return _table(("code", "what happened"), [(f"`{code}`", what) for code, what in CODES.items()])


def limits_table() -> str:
    """What `session.started` tells of the limits."""
    rows = [(f"`{name}`", f"{value:,}".replace(",", " ")) for name, value in _limits().items()]
    return _table(("in `limits`", "default"), rows)


def _limits() -> dict[str, int]:
    return limits_of(Limits())


TABLES = {
    "operations.md": {
        "settings": lambda: settings_table(models=False),
        "models": lambda: settings_table(models=True),
        "metrics": metrics_table,
    },
    "protocol.md": {"errors": errors_table, "limits": limits_table},
}


def filled(page: str, name: str, table: str) -> str:
    """`page` with `table` between its markers."""
    begin, end = f"<!-- {name}: written by tests/server/reference.py -->", "<!-- end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    assert pattern.search(page), f"no place for the table {name}"
    return pattern.sub(lambda _found: f"{begin}\n{table}\n{end}", page)


def current(page: str) -> str:
    """Page `page` of docs/ with all its tables as they should be."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, make in TABLES[page].items():
        text = filled(text, name, make())
    return text


if __name__ == "__main__":
    for page in TABLES:
        (DOCS / page).write_text(current(page), encoding="utf-8")
