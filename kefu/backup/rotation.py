"""Which backups there are, and which of them are old enough to go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kefu.backup import checking, parts, shelf
from kefu.backup.checking import Backup
from kefu.backup.errors import BackupError, in_words

_DAY = 86400.0


@dataclass(frozen=True)
class Listed:
    """A backup of a folder: what it is, or why it cannot be used (Chinese)."""

    name: str
    backup: Backup | None
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Return whether knowledge base, settings and database are in it."""
        return self.backup is not None and self.backup.manifest.parts >= parts.WHOLE


def listed(folder: Path | None = None) -> list[Listed]:
    """Return the backups of a folder, oldest first, without reading all of each."""
    folder = folder or shelf.default_folder()
    return [look(name, folder) for name in shelf.names(folder)]


def look(name: str, folder: Path | None = None) -> Listed:
    """Return one backup of a folder, without reading all of it."""
    try:
        return Listed(name, checking.look((folder or shelf.default_folder()) / name))
    except BackupError as error:
        return Listed(name, None, str(error))


def newest_whole(folder: Path | None = None) -> Backup | None:
    """Return the newest backup that can bring everything back."""
    whole = [one.backup for one in listed(folder) if one.backup and one.is_whole]
    return max(whole, key=lambda backup: backup.manifest.created_at, default=None)


def rotate(keep_days: int, keep_at_least: int, now: float) -> list[str]:
    """Delete what is older than `keep_days`; return the names. Raises BackupError.

    The newest `keep_at_least` whole backups stay however old they are: a clock that jumps
    ahead, or a duty that failed for months, does not take the last good one.
    """
    folder = shelf.default_folder()
    try:
        with shelf.alone(folder):
            shelf.sweep(folder)
            old = _old(folder, now - keep_days * _DAY, max(keep_at_least, 1))
            for name in old:
                shelf.discard(folder / name)
    except OSError as error:
        raise BackupError(f"旧的备份删不掉：{in_words(error)}") from None
    return old


def _old(folder: Path, before: float, keep_at_least: int) -> list[str]:
    found = listed(folder)
    whole = [one.backup for one in found if one.backup and one.is_whole]
    whole.sort(key=lambda backup: backup.manifest.created_at)
    kept = {backup.name for backup in whole[-keep_at_least:]}
    return [one.name for one in found if one.name not in kept and _made_at(folder, one) < before]


def _made_at(folder: Path, one: Listed) -> float:
    if one.backup is not None:
        return one.backup.manifest.created_at
    return (folder / one.name).stat().st_mtime
