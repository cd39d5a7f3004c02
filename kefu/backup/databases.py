"""The database of this installation, whichever kind it is, as backups deal with it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine.url import make_url

from kefu.backup import postgresql, sqlite_file
from kefu.backup.errors import BackupError
from kefu.backup.manifest import Facts
from kefu.backup.parts import POSTGRESQL_FILE, SQLITE_FILE
from kefu.backup.progress import Tell
from kefu.environment import environment
from kefu.storage.encryption import DecryptionError, data_cipher


def kind() -> str:
    """Return sqlite or postgresql. Raises BackupError for any other."""
    name = make_url(environment().database_url).get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise BackupError(f"不支持备份 {name}，请用数据库自己的工具备份")
    return str(name)


def sqlite_place() -> Path:
    """Return the file of the SQLite database in use. Raises BackupError when it has none."""
    name = make_url(environment().database_url).database
    if not name or name == ":memory:":
        raise BackupError("内存里的数据库不能备份，请设置 KEFU_DATABASE_URL")
    return Path(name).resolve()


def copy_into(backup: Path, tell: Tell) -> Facts:
    """Copy the database as it is at this moment into the folder of a backup."""
    if kind() == "sqlite":
        return sqlite_file.copy(sqlite_place(), backup / SQLITE_FILE, tell)
    return postgresql.dump(backup / POSTGRESQL_FILE, tell)


def size_now() -> int:
    """Return about how many bytes a copy takes; 0 where only the server knows."""
    if kind() != "sqlite":
        return 0
    place = sqlite_place()
    files = (place, place.with_name(f"{place.name}-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())


def facts_now() -> Facts | None:
    """Return what the database in use holds; None without one that can be read.

    Raises SQLAlchemyError when the server of PostgreSQL cannot be reached.
    """
    return sqlite_file.facts_now(sqlite_place()) if kind() == "sqlite" else postgresql.facts_now()


def check_copy(backup: Path, held: Facts, tell: Tell) -> None:
    """Read the copy in a backup from end to end. Raises BackupError when it is damaged."""
    if held.kind == "sqlite":
        tell("检查数据库", 0, 0)
        sqlite_file.check(backup / SQLITE_FILE)
    else:
        postgresql.check(backup / POSTGRESQL_FILE, tell)


def check_key(backup: Path, held: Facts) -> None:
    """Decrypt something of the copy. Raises BackupError when the present key does not fit."""
    if held.revision is None:
        return
    read = sqlite_file.sample if held.kind == "sqlite" else postgresql.sample
    file = backup / (SQLITE_FILE if held.kind == "sqlite" else POSTGRESQL_FILE)
    sealed = read(file)
    try:
        if sealed is not None:
            data_cipher().decrypt(sealed)
    except DecryptionError:
        raise BackupError(
            "现在的数据密钥解不开这个数据库：请找回原来的 secrets.json 或 KEFU_DATA_KEY 再试"
        ) from None
