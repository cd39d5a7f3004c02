"""The database engine: made once a process, tuned for SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import RLock

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from kefu.environment import environment

_BUSY_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.001


def make_engine(url: str) -> Engine:
    """Make an engine; for SQLite in WAL mode with a busy time-out of 5 s.

    `synchronous=NORMAL` keeps every commit through a crash of a process; a crash
    of the machine may lose the last commits but never corrupts the file.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, future=True, pool_pre_ping=True, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The default pool reconnects for every transaction, which costs more than most of them.
    # Last in, first out: a connection forgets its pages when another one has written.
    # Parameters are customers' words: an error must not carry them into a log.
    engine = create_engine(
        url,
        future=True,
        connect_args={"check_same_thread": False},
        poolclass=QueuePool,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return this process's engine on the configured database."""
    return make_engine(environment().database_url)


@contextmanager
def writing() -> Iterator[Connection]:
    """Open a transaction that writes; committed at the end, rolled back on an exception."""
    if engine().dialect.name != "sqlite":
        with engine().begin() as connection:
            yield connection
        return
    # SQLite lets one write at a time and has the others look again after ever longer
    # pauses. Threads of one process can wait for each other without any.
    with _one_writer, engine().begin() as connection:
        yield connection


_one_writer = RLock()


@contextmanager
def reading() -> Iterator[Connection]:
    """Open a transaction that only reads, and so never waits for a writer."""
    with _reader(engine()).begin() as connection:
        yield connection


def let_threads_alternate() -> None:
    """Let a thread of this process that has waited for the database go on at once.

    Otherwise it waits for up to 5 ms after each statement while the event loop computes,
    and holds the database's write lock meanwhile.
    """
    sys.setswitchinterval(0.0005)


@lru_cache(maxsize=1)
def _reader(engine: Engine) -> Engine:
    """Return the same engine, on the same connections, that begins reading transactions."""
    return engine.execution_options(kefu_reads=True)


def _tune_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own BEGIN is deferred and turns two readers that write into a
    # "database is locked"; _begin sends ours instead.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000:.0f}")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("kefu_reads", False):
        # It takes no lock and cannot fail, so SQLAlchemy's care for errors would be for nothing.
        connection.connection.cursor().execute("BEGIN")
    else:
        _begin_writing(connection.connection.cursor())


def _begin_writing(cursor: sqlite3.Cursor) -> None:
    """Wait for the write lock of the file, which other processes hold for milliseconds.

    SQLite's own wait sleeps ever longer, up to 0.1 s, and so mostly past the moment.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    # As SQLAlchemy itself would, had it sent the statement.
                    raise OperationalError("BEGIN IMMEDIATE", None, error) from error
            else:
                return
            time.sleep(_LOOK_AGAIN_SECONDS)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000:.0f}")
