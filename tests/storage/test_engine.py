"""Writing to an SQLite file that other processes write to as well."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from kefu.storage import engine
from kefu.storage.engine import reading, writing

_STATE = "INSERT INTO leases (name, owner, held_until) VALUES ('a', 'b', 1.0)"


@pytest.fixture
def another(fresh_home: Path) -> Iterator[sqlite3.Connection]:
    """Give another process's connection, which holds the write lock."""
    file = fresh_home / "kefu.db"
    with closing(
        sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    ) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_writer_waits_for_the_lock_of_another_process(another: sqlite3.Connection) -> None:
    threading.Timer(0.05, another.execute, ["COMMIT"]).start()
    with writing() as connection:
        connection.execute(text(_STATE))
    with reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar_one() == 1


def test_lock_that_is_never_given_up_is_an_error_of_the_database(
    another: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.02)
    with pytest.raises(OperationalError, match="locked"), writing():
        pass
    another.execute("ROLLBACK")
    with writing() as connection:
        connection.execute(text(_STATE))


def test_readers_do_not_wait(another: sqlite3.Connection) -> None:
    with reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar_one() == 0
