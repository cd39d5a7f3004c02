"""Putting the database of a backup in the place of the one that is there."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

from kefu.backup import aftermath, databases, durable, postgresql, sqlite_file
from kefu.backup.checking import Backup
from kefu.backup.errors import BackupError, NothingChanged
from kefu.backup.manifest import Facts
from kefu.backup.parts import DATABASE, POSTGRESQL_FILE, SQLITE_FILE
from kefu.backup.progress import Bytes, Tell
from kefu.environment import environment
from kefu.running import children
from kefu.running.leash import leashed
from kefu.storage import migrate
from kefu.storage.engine import engine, make_engine, writing

_LOGS = ("-wal", "-shm")


class Replacement(Protocol):
    """A database of a backup, on its way into use."""

    def stage(self, tell: Tell) -> None:
        """Do what can be done, and fail, before anything here changes."""

    def swap(self, tell: Tell, keep: bool) -> Path | None:
        """Put it in place; with `keep` give the old one another name, and return it.

        Raises NothingChanged.
        """

    def discard(self) -> None:
        """Remove what was staged and not put in place."""


def replacement(backup: Backup) -> Replacement:
    """Return the way to replace the database in use by that of a backup."""
    held = backup.manifest.database
    assert held is not None
    return _SqliteFile(backup, held) if held.kind == "sqlite" else _Tables(backup, held)


class _SqliteFile:
    def __init__(self, backup: Backup, held: Facts) -> None:
        self._backup, self._held = backup, held
        self._place = databases.sqlite_place()
        self._staged = self._place.with_name(f"{self._place.name}.restoring")

    def stage(self, tell: Tell) -> None:
        """Copy it beside its place, bring it up to date and make it ready."""
        self.discard()
        (file,) = self._backup.manifest.of(DATABASE)
        progress = Bytes(tell, "复制数据库", file.size)
        digest = durable.copy(self._backup.folder / SQLITE_FILE, self._staged, progress.add)
        if digest != file.sha256:
            raise BackupError("备份的数据库与清单不符，没有恢复，请用另一个备份")
        tell("升级数据库", 0, 0)
        _upgrade(self._staged)
        self._settle()
        sqlite_file.make_single(self._staged)
        tell("检查数据库", 0, 0)
        sqlite_file.check(self._staged)
        durable.own_like(self._staged, self._place)
        durable.sync_file(self._staged)

    def swap(self, tell: Tell, keep: bool) -> Path | None:
        """Rename it; before that the log of the old one goes, which would spoil the new one."""
        engine().dispose()
        aside = self._retire(keep)
        self._staged.replace(self._place)
        durable.sync_folder(self._place.parent)
        return aside

    def discard(self) -> None:
        """Remove the copy and what lies beside it."""
        for end in ("", *_LOGS, "-journal", ".migrating"):
            self._staged.with_name(f"{self._staged.name}{end}").unlink(missing_ok=True)

    def _settle(self) -> None:
        made = make_engine(f"sqlite:///{self._staged}")
        try:
            with made.begin() as connection:
                aftermath.settle(connection, time.time())
        finally:
            made.dispose()

    def _retire(self, keep: bool) -> Path | None:
        if self._place.is_file() and not keep and self._made_single():
            return None
        aside = self._place.with_name(f"{self._place.name}.before-{time.time():.0f}")
        # The database last: without it a log is not read by anybody.
        moved = None
        for end in (*_LOGS, ""):
            old = self._place.with_name(f"{self._place.name}{end}")
            if old.exists():
                moved = old.rename(aside.with_name(f"{aside.name}{end}"))
        durable.sync_folder(self._place.parent)
        return moved and aside

    def _made_single(self) -> bool:
        try:
            sqlite_file.make_single(self._place)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise NothingChanged("还有程序在使用数据库，请先停止全部进程再恢复") from None
            return False
        except sqlite3.DatabaseError:
            return False
        return True


class _Tables:
    def __init__(self, backup: Backup, held: Facts) -> None:
        self._backup, self._held = backup, held

    def stage(self, tell: Tell) -> None:
        """Nothing: the server does all in one transaction."""

    def swap(self, tell: Tell, keep: bool) -> Path | None:
        """Replace the tables, then bring them up to date and make them ready."""
        try:
            postgresql.restore(self._backup.folder / POSTGRESQL_FILE, self._held, tell)
        except BackupError as error:
            raise NothingChanged(str(error)) from None
        tell("升级数据库", 0, 0)
        migrate.upgrade()
        with writing() as connection:
            aftermath.settle(connection, time.time())
        return None

    def discard(self) -> None:
        """Nothing is staged."""


def _upgrade(file: Path) -> None:
    """Bring a SQLite file that is not in use up to date, in a process of its own."""
    variables = children.variables(environment())
    command = [sys.executable, "-m", "kefu.cli", "migrate"]
    done = subprocess.run(
        leashed(command, signal.SIGKILL),
        # Where this very program is found.
        cwd=Path(__file__).resolve().parents[2],
        env={**variables, "KEFU_DATABASE_URL": f"sqlite:///{file}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise BackupError(f"备份的数据库没有升级成：{done.stderr.strip()[-200:]}")
