"""A SQLite database as one file: copied while all runs, checked, and read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from kefu.backup import durable
from kefu.backup.errors import BackupError
from kefu.backup.manifest import Facts
from kefu.backup.progress import Tell

COUNTED = ("conversations", "messages", "handoffs", "staff")
_PAGES = 2000  # 8 MB between two looks at whether to stop
_BUSY_SECONDS = 10.0


def copy(source: Path, target: Path, tell: Tell) -> Facts:
    """Copy a database that others write to, as it is at this moment, to one single file.

    Raises:
        BackupError: There is none.
        sqlite3.Error, OSError: It cannot be read, or the copy cannot be written.
    """
    if not source.is_file():
        raise BackupError(f"没有数据库 {source}，请先执行 kefu migrate，或从备份恢复")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600, exist_ok=False)
    with closing(_connect(source)) as live, closing(sqlite3.connect(target)) as made:
        # With a transaction of its own the copy is of one moment, and no writer, who does
        # not wait for it, makes it start again.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        made.execute("PRAGMA synchronous=OFF")
        live.backup(
            made,
            pages=_PAGES,
            progress=lambda _, left, total: tell("复制数据库", total - left, total),
        )
        made.execute("PRAGMA journal_mode=DELETE")
    durable.sync_file(target)
    return facts(target)


def check(file: Path) -> None:
    """Read a whole database. Raises BackupError when it is damaged."""
    try:
        with closing(_connect(file, "mode=ro&immutable=1")) as connection:
            answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        answer = type(error).__name__
    if answer != "ok":
        raise BackupError("备份里的数据库已损坏，请用另一个备份")


def facts(file: Path, options: str = "mode=ro&immutable=1") -> Facts:
    """Return what a database that nobody writes to holds. Raises sqlite3.Error."""
    with closing(_connect(file, options)) as connection:
        tables = {
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        counts = {name: _count(connection, name) for name in COUNTED if name in tables}
        query = "SELECT version_num FROM alembic_version"
        row = connection.execute(query).fetchone() if "alembic_version" in tables else None
    return Facts("sqlite", row[0] if row else None, counts)


def facts_now(file: Path) -> Facts | None:
    """Return what the database in use holds; None when there is none, or it is damaged."""
    if not file.is_file() or not file.stat().st_size:
        return None
    try:
        return facts(file, "mode=rw")
    except sqlite3.Error:
        return None


def sample(file: Path) -> bytes | None:
    """Return something encrypted out of a copy, the newest there is; None without any."""
    with closing(_connect(file, "mode=ro&immutable=1")) as connection:
        row = connection.execute("SELECT body FROM messages ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            row = connection.execute("SELECT customer FROM conversations LIMIT 1").fetchone()
    return None if row is None else bytes(row[0])


def make_single(file: Path) -> None:
    """Bring a database that nobody uses into one file, without its log beside it.

    Raises:
        sqlite3.OperationalError: Somebody uses it.
        sqlite3.DatabaseError: It is damaged.
    """
    with closing(_connect(file, "mode=rw", seconds=1.0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def _connect(
    file: Path, options: str = "mode=rw", seconds: float = _BUSY_SECONDS
) -> sqlite3.Connection:
    address = f"file:{quote(str(file.resolve()))}?{options}"
    return sqlite3.connect(address, uri=True, timeout=seconds, isolation_level=None)


def _count(connection: sqlite3.Connection, table: str) -> int:
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count
