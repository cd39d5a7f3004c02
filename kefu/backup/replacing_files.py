"""Putting the project's files of a backup in the place of those that are there."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from kefu.backup import durable, parts
from kefu.backup.checking import Backup
from kefu.backup.errors import BackupError
from kefu.backup.manifest import File
from kefu.backup.progress import Bytes, Tell
from kefu.environment import environment
from kefu.knowledge import journal
from kefu.knowledge.model import FOLDER

# Nobody takes what ends so for a file of the project.
_STAGED = ".restoring"


class ProjectFiles:
    """The files of some parts of a backup, on their way into the project."""

    def __init__(self, backup: Backup, of: Collection[str]) -> None:
        """Take the backup and the parts; the database is not among files."""
        self._backup = backup
        self._knowledge = environment().home / FOLDER
        self._parts = backup.manifest.parts & set(of) - {parts.DATABASE}
        chosen = [f for f in backup.manifest.files if parts.part_of(f.name) in self._parts]
        # What is encrypted in the records needs the key that they were written with.
        ours = backup.has_our_keys
        self._files = [
            file for file in chosen if not _is_record(file.name) or (ours and not _has_grown(file))
        ]

    def stage(self, tell: Tell) -> None:
        """Copy each beside its place and check it. Raises BackupError, OSError."""
        progress = Bytes(tell, "复制文件", sum(file.size for file in self._files))
        for file in self._files:
            staged = _staged(file)
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.unlink(missing_ok=True)
            digest = durable.copy(self._backup.folder / file.name, staged, progress.add)
            if digest != file.sha256:
                raise BackupError(f"备份的 {file.name} 与清单不符，没有恢复，请用另一个备份")
            staged.chmod(_mode(file.name))
            durable.own_like(staged, parts.place_of(file.name))

    def swap(self) -> None:
        """Put them in place and remove what the backup does not have.

        The categories of the knowledge base change all at once, other files each in one
        step; the model last, so that it counts as newer than what it was made from.
        """
        if parts.KNOWLEDGE in self._parts:
            self._swap_categories()
        others = [file for file in self._files if not self._is_category(file.name)]
        others.sort(key=lambda file: parts.part_of(file.name) == parts.MODEL)
        for file in others:
            if parts.part_of(file.name) == parts.MODEL:
                _date(_staged(file), self._backup)
            _staged(file).replace(parts.place_of(file.name))
        for folder in {parts.place_of(file.name).parent for file in others}:
            durable.sync_folder(folder)

    def discard(self) -> None:
        """Remove the copies that were not put in place."""
        for file in self._files:
            _staged(file).unlink(missing_ok=True)

    def check(self) -> None:
        """Read them where they are now. Raises BackupError, OSError."""
        with journal.steady(self._knowledge):
            for file in self._files:
                place = parts.place_of(file.name)
                if durable.digest_of(place.resolve(), lambda _: None) != file.sha256:
                    raise BackupError(f"恢复后 {file.name} 与备份不同，请再恢复一次")

    def _swap_categories(self) -> None:
        with journal.exclusive(self._knowledge):
            surplus = self._surplus()
            changed: dict[str, bytes | None] = {
                PurePosixPath(name).name: None for name in surplus if self._is_category(name)
            }
            for file in self._files:
                if self._is_category(file.name):
                    changed[PurePosixPath(file.name).name] = _staged(file).read_bytes()
            journal.replace(self._knowledge, changed)
        for name in surplus:
            parts.place_of(name).unlink(missing_ok=True)

    def _surplus(self) -> set[str]:
        here = {name for name in parts.project_files({parts.KNOWLEDGE}) if not _is_record(name)}
        return here - {file.name for file in self._files}

    def _is_category(self, name: str) -> bool:
        return PurePosixPath(name).parent == PurePosixPath(FOLDER.as_posix())


def _is_record(name: str) -> bool:
    return name.startswith(parts.RECORDS)


def _has_grown(file: File) -> bool:
    """Tell whether a record here goes on where that of the backup ends, and so stays."""
    place = parts.place_of(file.name)
    return place.is_file() and place.stat().st_size >= file.size


def _staged(file: File) -> Path:
    place = parts.place_of(file.name)
    return place.with_name(f".{place.name}{_STAGED}")


def _mode(name: str) -> int:
    place = parts.place_of(name)
    if place.is_file():
        return stat.S_IMODE(place.stat().st_mode)
    return 0o600 if _is_record(name) else 0o644


def _date(model: Path, backup: Backup) -> None:
    # The times of the files tell whether a model has to be trained: see kefu.training.
    current = backup.manifest.model_is_current
    at = time.time() + 1 if current else backup.manifest.created_at
    os.utime(model, (at, at))
