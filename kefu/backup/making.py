"""Making a backup: written to a draft, read back, and only then given its name."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path

import kefu
from kefu.backup import checking, databases, durable, manifest, parts, shelf
from kefu.backup.checking import Backup
from kefu.backup.errors import BackupError, in_words
from kefu.backup.manifest import Facts, File, Manifest
from kefu.backup.progress import Bytes, Tell, silent
from kefu.environment import environment
from kefu.knowledge import journal
from kefu.knowledge.model import FOLDER
from kefu.training import MODELS, model_is_current, newest_model

_SPARE_BYTES = 50_000_000


def make(
    reason: str,
    folder: Path | None = None,
    *,
    of: Collection[str] = parts.WHOLE,
    tell: Tell = silent,
) -> Backup:
    """Make a backup while everything runs, and check it by reading it back.

    Args:
        reason: manual, scheduled or before_restore.
        folder: Where to; without it the one of the settings.
        of: The parts to save.
        tell: Is told how far it is; what it raises stops the work.

    Raises:
        BackupError: There is no backup, and nothing is left of it.
    """
    folder = folder or shelf.default_folder()
    try:
        with shelf.alone(folder):
            shelf.sweep(folder)
            _require_space(folder, of)
            return _made(shelf.draft(folder, time.time()), reason, of, tell)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"没有备份成：{in_words(error)}") from None


def _made(draft: Path, reason: str, of: Collection[str], tell: Tell) -> Backup:
    try:
        listed = _filled(draft, reason, of, tell)
        durable.write(draft / manifest.NAME, manifest.to_json(listed))
        durable.sync_tree(draft)
        checking.check(draft, tell)
        made = shelf.publish(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    durable.sync_folder(made.parent)
    return checking.look(made)


def _filled(draft: Path, reason: str, of: Collection[str], tell: Tell) -> Manifest:
    # The database last: between a new entry and the first question that it answered.
    files = _copied_files(draft, of, tell)
    held: Facts | None = None
    if parts.DATABASE in of:
        held = databases.copy_into(draft, tell)
        files.append(_listed_database(draft, tell))
    return Manifest(
        created_at=time.time(),
        kefu=kefu.__version__,
        reason=reason,
        files=tuple(files),
        keys=manifest.fingerprints(),
        database=held,
        model_is_current=parts.MODEL in of and model_is_current(environment().home),
    )


def _copied_files(draft: Path, of: Collection[str], tell: Tell) -> list[File]:
    home = environment().home
    with journal.steady(home / FOLDER):
        names = [*parts.project_files(of), *(_model(home) if parts.MODEL in of else ())]
        places = {name: parts.place_of(name) for name in names}
        progress = Bytes(tell, "复制文件", sum(p.stat().st_size for p in places.values()))
        return [_copied(name, place, draft, progress) for name, place in places.items()]


def _copied(name: str, place: Path, draft: Path, progress: Bytes) -> File:
    digest = durable.copy(place, draft / name, progress.add, follow=True)
    return File(name, (draft / name).stat().st_size, digest)


def _model(home: Path) -> list[str]:
    model = newest_model(home)
    if model is None:
        raise BackupError("还没有模型，请先执行 make train，或不带 --with-model")
    return [f"{MODELS}/{model.name}"]


def _listed_database(draft: Path, tell: Tell) -> File:
    (name,) = [name for name in parts.DATABASE_FILES if (draft / name).exists()]
    size = (draft / name).stat().st_size
    progress = Bytes(tell, "核对数据库", size)
    return File(name, size, durable.digest_of(draft / name, progress.add))


def _require_space(folder: Path, of: Collection[str]) -> None:
    need = _SPARE_BYTES + (databases.size_now() if parts.DATABASE in of else 0)
    free = shutil.disk_usage(folder).free
    if free < need:
        raise BackupError(
            f"{folder} 所在磁盘只剩 {free / 1e6:.0f} MB，备份约需 {need / 1e6:.0f} MB："
            "请清理磁盘，或换一个目录（settings.yml 的 backup.folder，或 --to）"
        )
