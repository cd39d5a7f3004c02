"""The database engine: made once a process, tuned for SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import RLock

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import make_url
from sqlalchemy.pool import QueuePool

from kefu.environment import environment


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
    connection.execute("PRAGMA busy_timeout=5000")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("kefu_reads", False):
        # It takes no lock and cannot fail, so SQLAlchemy's care for errors would be for nothing.
        connection.connection.cursor().execute("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
