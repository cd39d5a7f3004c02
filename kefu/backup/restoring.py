"""Bringing back what a backup holds, in the place of what is there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from kefu.backup import databases, durable, making, parts, postgresql, programs, shelf
from kefu.backup.checking import Backup
from kefu.backup.errors import BackupError, NothingChanged, in_words
from kefu.backup.manifest import Facts
from kefu.backup.progress import Tell, silent
from kefu.backup.replacing_database import Replacement, replacement
from kefu.backup.replacing_files import ProjectFiles
from kefu.environment import environment
from kefu.storage import migrate
from kefu.training import model_is_current

EVERYTHING = parts.WHOLE | {parts.MODEL}
# Knowledge is read when a model is trained, not while customers are answered.
_WHILE_RUNNING = frozenset({parts.KNOWLEDGE, parts.MODEL})


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        safety: The backup of what was there before, None where nothing was.
        set_aside: The former database file, where it could not be saved otherwise.
        needs_training: The model is older than what is there now.
    """

    safety: Backup | None
    set_aside: Path | None
    needs_training: bool


def refuse(backup: Backup, of: Collection[str], trust: bool = False) -> None:
    """Raise BackupError when these parts of a backup cannot or must not be restored here.

    Args:
        backup: A backup that was checked.
        of: The parts to restore.
        trust: Whether a person vouches for knowledge and settings of other keys.
    """
    wanted = backup.manifest.parts & set(of)
    if not wanted:
        titles = "、".join(parts.TITLES[part] for part in sorted(of))
        raise BackupError(f"备份 {backup.name} 里没有{titles}，请用另一个备份")
    if not backup.has_our_keys:
        _refuse_other_keys(wanted, trust)
    if parts.DATABASE in wanted:
        assert backup.manifest.database is not None
        _refuse_database(backup.manifest.database)
    if not wanted <= _WHILE_RUNNING and (running := programs.running()):
        raise BackupError(
            f"这些程序还在运行：{'、'.join(running)}。请先停止 make run 再恢复"
            "（只恢复知识库不用停：--only knowledge）"
        )


def unfinished() -> str | None:
    """Return the name of a backup whose restoring was cut off, None without one."""
    try:
        return str(json.loads(_marker().read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError):
        return None


def restore(
    backup: Backup,
    of: Collection[str] = EVERYTHING,
    *,
    trust: bool = False,
    tell: Tell = silent,
) -> Restored:
    """Save what is there, then replace it by the parts of a backup, and check the outcome.

    Nothing changes before all is copied and checked. A process that is killed while it
    replaces leaves each file either old or new; `unfinished` tells, and restoring again
    completes it.

    Raises:
        BackupError: As with `refuse`; or the backup is not what was checked before.
    """
    refuse(backup, of, trust)
    try:
        with shelf.alone(_marker().parent):
            return _restored(backup, backup.manifest.parts & set(of), tell)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"没有恢复成：{in_words(error)}") from None


def _restored(backup: Backup, wanted: frozenset[str], tell: Tell) -> Restored:
    safety, database_saved = _saved(wanted - {parts.MODEL}, tell)
    files = ProjectFiles(backup, wanted)
    database = replacement(backup) if parts.DATABASE in wanted else None
    try:
        files.stage(tell)
        if database:
            database.stage(tell)
        durable.write(_marker(), json.dumps({"name": backup.name}))
        aside = _swapped(files, database, database_saved, tell)
    finally:
        files.discard()
        if database:
            database.discard()
    _check(backup, files, wanted)
    _marker().unlink()
    return Restored(safety, aside, not model_is_current(environment().home))


def _swapped(
    files: ProjectFiles, database: Replacement | None, database_saved: bool, tell: Tell
) -> Path | None:
    try:
        aside = database.swap(tell, keep=not database_saved) if database else None
    except NothingChanged:
        _marker().unlink()
        raise
    files.swap()
    return aside


def _saved(wanted: frozenset[str], tell: Tell) -> tuple[Backup | None, bool]:
    """Back up what will be replaced; tell also whether the database is in it."""
    if parts.DATABASE not in wanted:
        return _saved_files(wanted, tell), False
    if databases.facts_now() is not None:
        try:
            return making.make("before_restore", of=wanted, tell=tell), True
        except BackupError:
            # A file can be given another name; the tables of a server cannot.
            if databases.kind() != "sqlite":
                raise
    return _saved_files(wanted - {parts.DATABASE}, tell), False


def _saved_files(wanted: frozenset[str], tell: Tell) -> Backup | None:
    if not parts.project_files(wanted):
        return None
    return making.make("before_restore", of=wanted, tell=tell)


def _check(backup: Backup, files: ProjectFiles, wanted: frozenset[str]) -> None:
    files.check()
    if parts.DATABASE not in wanted:
        return
    now, then = databases.facts_now(), backup.manifest.database
    assert then is not None
    if now is None or any(now.counts.get(name) != count for name, count in then.counts.items()):
        raise BackupError("恢复后的数据库与备份不同，请再恢复一次")


def _refuse_other_keys(wanted: frozenset[str], trust: bool) -> None:
    if parts.DATABASE in wanted:
        raise BackupError(
            "备份由另一套密钥制作，它的数据库在这里解不开：请放回当时的 secrets.json"
            "（或 KEFU_DATA_KEY、KEFU_PSEUDONYM_KEY）再恢复；"
            "不要数据库时用 --only knowledge 或 --only settings"
        )
    if not trust:
        raise BackupError(
            "备份由另一套密钥制作，无法确认它没有被改动。确定来源可靠时，加上 --trust 再恢复"
        )


def _refuse_database(held: Facts) -> None:
    kind = databases.kind()
    if held.kind != kind:
        raise BackupError(
            f"备份里是 {held.kind} 的数据库，现在用的是 {kind}："
            "请把 KEFU_DATABASE_URL 改成同一种，或用 --only knowledge、--only settings"
        )
    if held.revision not in (None, *_known_revisions()):
        raise BackupError(
            f"备份的数据库版本（{held.revision}）比程序新，请先升级程序，或用更早的备份"
        )
    if kind == "postgresql" and held.schema != (schema := postgresql.schema_now()):
        raise BackupError(
            f"备份的表在 schema「{held.schema}」，现在用的是「{schema}」："
            "请在 KEFU_DATABASE_URL 里换成同一个"
        )


def _known_revisions() -> list[str]:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    return [script.revision for script in scripts.walk_revisions()]


def _marker() -> Path:
    return environment().var / "restore" / "unfinished.json"
