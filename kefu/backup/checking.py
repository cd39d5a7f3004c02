"""Whether a backup is whole, unaltered, and fits this installation's keys."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kefu.backup import databases, durable, manifest
from kefu.backup.errors import BackupError, in_words
from kefu.backup.manifest import Manifest
from kefu.backup.progress import Bytes, Tell, silent

_LARGEST_MANIFEST = 64_000_000


@dataclass(frozen=True)
class Backup:
    """A backup whose list of files is there and fits the files.

    Attributes:
        folder: Where it lies.
        manifest: What is in it.
        sealed: The data key of this installation made it, and nobody altered the list.
    """

    folder: Path
    manifest: Manifest
    sealed: bool

    @property
    def name(self) -> str:
        """Return its name."""
        return self.folder.name

    @property
    def has_our_keys(self) -> bool:
        """Return whether both keys of this installation are those it was made with."""
        return self.sealed and self.manifest.keys == manifest.fingerprints()


def look(folder: Path) -> Backup:
    """Look at a backup without reading all of it.

    Raises:
        BackupError: It is not one, something is missing or there is too much, or it is
            from a newer version.
    """
    try:
        listed, sealed = manifest.from_json(_manifest_text(folder))
        found = dict(_files(folder))
    except OSError as error:
        raise BackupError(f"备份 {folder.name} 读不出来：{in_words(error)}") from None
    expected = {file.name: file.size for file in listed.files}
    for name in sorted(expected.keys() ^ found.keys()):
        word = "缺少" if name in expected else "多出"
        raise BackupError(f"备份 {folder.name} {word}文件 {name[:80]}，请用另一个备份")
    for name, size in expected.items():
        if found[name] != size:
            raise BackupError(f"备份 {folder.name} 的 {name} 大小不对，请用另一个备份")
    return Backup(folder, listed, sealed)


def check(folder: Path, tell: Tell = silent) -> Backup:
    """Read a backup from end to end.

    A database of other keys is not opened: `has_our_keys` tells.

    Raises:
        BackupError: As with `look`; or a file was altered or is damaged; or the key of
            this installation does not open the database.
    """
    backup = look(folder)
    try:
        _check_digests(backup, tell)
        held = backup.manifest.database
        if held is not None:
            databases.check_copy(folder, held, tell)
            if backup.has_our_keys:
                databases.check_key(folder, held)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"备份 {backup.name} 读不出来：{in_words(error)}") from None
    return backup


def _check_digests(backup: Backup, tell: Tell) -> None:
    progress = Bytes(tell, "检查文件", backup.manifest.size)
    for file in backup.manifest.files:
        if durable.digest_of(backup.folder / file.name, progress.add) != file.sha256:
            raise BackupError(f"备份 {backup.name} 的 {file.name} 与清单不符，请用另一个备份")


def _manifest_text(folder: Path) -> str:
    file = folder / manifest.NAME
    if file.lstat().st_size > _LARGEST_MANIFEST:
        raise BackupError("备份的清单（manifest.json）大得不正常，请用另一个备份")
    return b"".join(durable.blocks(file)).decode("utf-8", "replace")


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield name and size of every file but the manifest; refuse what is neither file nor folder.

    A folder that is a link is listed as a folder is, but not gone into.
    """
    for place, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(place, name)
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                raise BackupError(f"备份里的 {name[:80]} 是链接或特殊文件，请用另一个备份")
            if path != folder / manifest.NAME:
                yield path.relative_to(folder).as_posix(), status.st_size
