"""Bring the database to the schema of this version."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from kefu.errors import KefuError
from kefu.storage.engine import engine, reading, writing

_SCRIPTS = Path(__file__).parent / "migrations"
# Any number will do, as long as every process of every version uses the same.
_ADVISORY_LOCK = 0x6B656675


class SchemaError(KefuError):
    """Raised when the database cannot be brought to the schema of this version."""


def upgrade() -> None:
    """Bring the configured database to the newest revision; do nothing when it is there.

    Processes that start together wait for the first one. All steps are one transaction.

    Raises:
        SchemaError: The database is newer than this version, or cannot be reached.
    """
    if not pending():
        return
    with _alone(), writing() as connection:
        _wait_for_others(connection)
        if _steps_from(_revision(connection)):
            command.upgrade(_config(connection), "head")


def downgrade(revision: str) -> None:
    """Take the configured database back to `revision`; "base" removes all tables."""
    with _alone(), writing() as connection:
        _wait_for_others(connection)
        command.downgrade(_config(connection), revision)


def current() -> str | None:
    """Return the revision of the configured database, None when it is empty.

    Raises:
        SchemaError: The database cannot be reached.
    """
    try:
        with reading() as connection:
            return _revision(connection)
    except OperationalError as error:
        raise SchemaError(
            "连不上数据库，请检查 KEFU_DATABASE_URL、数据库服务和磁盘空间"
            f"（{type(error.orig).__name__}）"
        ) from None


def pending() -> list[str]:
    """Return the revisions that `upgrade` would apply, oldest first. Raises SchemaError."""
    return _steps_from(current())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    revision: str | None = MigrationContext.configure(connection).get_current_revision()
    return revision


def _steps_from(revision: str | None) -> list[str]:
    known = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
    known.reverse()
    if revision is None:
        return known
    if revision not in known:
        raise SchemaError(
            f"数据库的版本（{revision}）比程序新，请升级程序，或恢复与此程序相配的数据库备份"
        )
    return known[known.index(revision) + 1 :]


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes out of an SQLite file for longer than its busy time-out."""
    database = engine().url.database
    if engine().dialect.name != "sqlite" or not database or database == ":memory:":
        yield
        return
    with open(f"{database}.migrating", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wait_for_others(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
