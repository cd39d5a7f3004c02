"""INSERT … ON CONFLICT for the databases in use."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_or_ignore(
    connection: Connection, table: Table, on: tuple[str, ...], **values: Any
) -> int | None:
    """Insert a row; return its id, or None when a row with the same `on` columns exists."""
    statement = _insert(connection, table).values(**values)
    result = connection.execute(statement.on_conflict_do_nothing(index_elements=on))
    if result.rowcount != 1:
        return None
    key: int = result.inserted_primary_key[0]
    return key


def insert_or_update(
    connection: Connection,
    table: Table,
    on: tuple[str, ...],
    keep: tuple[str, ...] = (),
    **values: Any,
) -> None:
    """Insert a row, or overwrite the one with the same `on` columns, all but `keep`."""
    statement = _insert(connection, table).values(**values)
    changes = {
        name: statement.excluded[name] for name in values if name not in on and name not in keep
    }
    connection.execute(statement.on_conflict_do_update(index_elements=on, set_=changes))


def _insert(connection: Connection, table: Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
