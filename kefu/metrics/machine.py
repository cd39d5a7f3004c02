"""What the machine has left: disk, size of the database, age of the newest backup."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import text

from kefu.backup.rotation import newest_whole
from kefu.environment import environment
from kefu.storage.engine import engine, reading

_BESIDE = ("", "-wal", "-shm")


def disk_free() -> tuple[Path, int]:
    """Return the folder of our data, or the nearest that exists, and the bytes free there."""
    folder = environment().var
    while not folder.exists():
        folder = folder.parent
    return folder, shutil.disk_usage(folder).free


def database_size() -> int:
    """Return the bytes that the database takes."""
    if engine().dialect.name == "postgresql":
        with reading() as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
            return int(size.scalar_one())
    file = engine().url.database or ""
    parts = (Path(f"{file}{end}") for end in _BESIDE)
    return sum(part.stat().st_size for part in parts if part.is_file())


def backup_age(now: float) -> float | None:
    """Return the age of the newest whole backup in seconds, None where there is none."""
    newest = newest_whole()
    return None if newest is None else max(0.0, now - newest.manifest.created_at)
