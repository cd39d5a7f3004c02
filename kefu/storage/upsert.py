"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike.

SQLAlchemy compiles its own construct for it anew at every execution, which takes longer
than the database does; a text is compiled once.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, text
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import TextClause

_Names = tuple[str, ...]


def insert_or_ignore(connection: Connection, table: Table, on: _Names, **values: Any) -> int | None:
    """Insert a row; return its id, or None when a row with the same `on` columns exists."""
    # SQLite knows RETURNING since 3.35 only, PostgreSQL's driver has no lastrowid.
    if connection.dialect.name == "sqlite":
        result = connection.execute(_or_ignore(table, on, tuple(values)), values)
        made: int | None = result.lastrowid if result.rowcount == 1 else None
    else:
        result = connection.execute(_or_ignore(table, on, tuple(values), "RETURNING id"), values)
        made = result.scalar()
    return made


def insert_or_update(
    connection: Connection, table: Table, on: _Names, keep: _Names = (), **values: Any
) -> None:
    """Insert a row, or overwrite the one with the same `on` columns, all but `keep`."""
    connection.execute(_or_update(table, on, keep, tuple(values)), values)


@cache
def _or_ignore(table: Table, on: _Names, columns: _Names, more: str = "") -> TextClause:
    return _insert(table, columns, f"ON CONFLICT ({', '.join(on)}) DO NOTHING {more}")


@cache
def _or_update(table: Table, on: _Names, keep: _Names, columns: _Names) -> TextClause:
    changes = [f"{name} = excluded.{name}" for name in columns if name not in {*on, *keep}]
    return _insert(
        table, columns, f"ON CONFLICT ({', '.join(on)}) DO UPDATE SET {', '.join(changes)}"
    )


def _insert(table: Table, columns: _Names, on_conflict: str) -> TextClause:
    """Return the statement; the names in it are those of our tables, never a customer's words."""
    places = ", ".join(f":{name}" for name in columns)
    # With the columns' types, so that what is encrypted stays encrypted.
    typed = [bindparam(name, type_=table.c[name].type) for name in columns]
    names = ", ".join(columns)
    return text(f"INSERT INTO {table.name} ({names}) VALUES ({places}) {on_conflict}").bindparams(
        *typed
    )
