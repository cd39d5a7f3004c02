"""The folder that backups lie in: their names, which there are, and one program at a time."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from kefu.backup.errors import BackupError
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.settings import Assistant, Settings, settings

_UNFINISHED = ".unfinished-"
_NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")


def settings_if_readable() -> Settings | None:
    """Return the settings, None when they are what has to be restored."""
    try:
        return settings()
    except FileProblems:
        return None


def default_folder() -> Path:
    """Return where backups lie according to the settings; without readable ones in `var`."""
    chosen = settings_if_readable()
    place = environment()
    named = chosen.backup.folder if chosen else ""
    return place.home / named if named else place.var / "backups"


def when(at: float) -> str:
    """Return a time (UTC seconds) in the words and the time zone of the operator."""
    return _local(at).strftime("%Y-%m-%d %H:%M:%S")


def names(folder: Path) -> list[str]:
    """Return the names of the backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if _NAME.fullmatch(entry.name))


def find(name: str, folder: Path | None = None) -> Path:
    """Return the folder of a backup by its name or its path. Raises BackupError."""
    place = Path(name) if os.sep in name else (folder or default_folder()) / name
    if not place.is_dir() or place.name.startswith("."):
        raise BackupError(f"没有备份「{name}」，请用 kefu backup list 查看")
    return place


def draft(folder: Path, now: float) -> Path:
    """Make the folder that a backup is written to until it is whole."""
    made = folder / f"{_UNFINISHED}{_local(now):%Y%m%d-%H%M%S}"
    made.mkdir(mode=0o700)
    return made


def publish(made: Path) -> Path:
    """Give a draft its name as a backup, in one step."""
    stem = made.name.removeprefix(_UNFINISHED)
    target, number = made.with_name(stem), 2
    while target.exists():
        target = made.with_name(f"{stem}-{number}")
        number += 1
    return made.rename(target)


def discard(backup: Path) -> None:
    """Delete a backup or a draft; stopped halfway it does not look like a backup."""
    doomed = backup
    if not backup.name.startswith(_UNFINISHED):
        doomed = backup.rename(backup.with_name(f"{_UNFINISHED}{backup.name}"))
    shutil.rmtree(doomed)


def sweep(folder: Path) -> None:
    """Delete what programs left that were killed while they wrote or deleted a backup."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other programs from writing to the folder. Raises BackupError when one does."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("另一个备份或恢复正在进行，请稍后再试") from None
        yield


def _local(at: float) -> datetime:
    chosen = settings_if_readable()
    return datetime.fromtimestamp(at, (chosen.assistant if chosen else Assistant()).zone)
