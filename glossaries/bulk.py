"""Many rows of entries in one statement, in the way of each database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    TableValuedAlias,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from glossaries.schema import entries

_E = entries.c
_PLACE = "place"
_Values = Sequence[Mapping[str, object]]
"""For each row the value of each column, by name; all with the same columns."""


def prepare(connection: Connection) -> None:
    """Before the first of many statements of one transaction.

    PostgreSQL reckons that looking up a batch of keys costs more than reading the whole table,
    until that has some hundred thousand rows; for every batch anew, which is quadratic.
    """
    if _is_postgres(connection):
        connection.execute(text("SET LOCAL enable_seqscan = off"))


def has_key(connection: Connection, keys: Collection[bytes]) -> ColumnElement[bool]:
    """Whether an entry has one of these keys."""
    if _is_postgres(connection):
        return _E.key == any_(literal(list(keys), ARRAY(_E.key.type)))
    return _E.key.in_(keys)


def insert_all(connection: Connection, rows: _Values) -> None:
    """Append these rows; their ids grow in this order."""
    if not _is_postgres(connection):
        connection.execute(insert(entries), rows)
        return
    names = list(rows[0])
    given = _as_table(rows, names)
    columns = select(*(given.c[name] for name in names)).order_by(given.c[_PLACE])
    connection.execute(insert(entries).from_select(names, columns))


def update_all(connection: Connection, rows: _Values) -> None:
    """Put the values of these rows in the place of those of the rows with the same `id`."""
    names = list(rows[0])
    others = [name for name in names if name != "id"]
    if not _is_postgres(connection):
        changed: dict[str, BindParameter[object]] = {
            name: bindparam(f"new_{name}") for name in others
        }
        statement = update(entries).where(_E.id == bindparam("new_id")).values(changed)
        connection.execute(
            statement, [{f"new_{name}": value for name, value in row.items()} for row in rows]
        )
        return
    given = _as_table(rows, names)
    connection.execute(
        update(entries).where(_E.id == given.c.id).values({name: given.c[name] for name in others})
    )


def _is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _as_table(rows: _Values, names: Sequence[str]) -> TableValuedAlias:
    """The rows as a table of PostgreSQL's: an array a column, so that a statement has few
    parameters and is parsed in no time however many rows there are."""
    arrays = [literal([row[name] for row in rows], ARRAY(_E[name].type)) for name in names]
    table = func.unnest(*arrays).table_valued(*names, with_ordinality=_PLACE)
    return table.render_derived(name="given")
