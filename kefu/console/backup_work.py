"""What is done with backups in the background: made, compared, brought back."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from kefu.backup import checking, making, parts, restoring, rotation, shelf
from kefu.backup.checking import Backup
from kefu.backup.differences import Differences, differences
from kefu.backup.errors import BackupError
from kefu.backup.progress import Tell
from kefu.backup.restoring import Restored
from kefu.console import jobs
from kefu.console.jobs import Job
from kefu.environment import environment
from kefu.knowledge import journal
from kefu.knowledge.bulk import noted
from kefu.knowledge.model import FOLDER
from kefu.staff.person import Person

# One after the other: each takes the folder of the backups for itself.
KIND = "backup"
_NOW = "now"
_CHANGED = "看过差别之后，知识库又有改动：请重新看过差别再恢复"


@dataclass(frozen=True)
class Made:
    """A backup that was made by hand; `gone` tells how many old ones went."""

    name: str
    gone: int


@dataclass(frozen=True)
class Compared:
    """A backup that was read from end to end, and what restoring it would change.

    Attributes:
        seen: What tells this state of the knowledge base from any other.
    """

    backup: Backup
    found: Differences
    seen: str


@dataclass(frozen=True)
class BroughtBack:
    """The knowledge base of a backup, restored."""

    name: str
    done: Restored


def make(by: Person) -> Job:
    """Start to make a backup. Raises JobRunning."""
    return jobs.start(KIND, "立即备份", by, _made, _NOW)


def compare(name: str, by: Person) -> Job:
    """Start to check a backup and to compare it with what is here. Raises JobRunning."""
    return jobs.start(KIND, f"检查备份 {name}", by, lambda tell: _compared(name, tell), name)


def bring_back(shown: Compared, by: Person) -> Job:
    """Start to restore the knowledge base, as the differences were shown. Raises JobRunning."""
    name = shown.backup.name
    return jobs.start(
        KIND, f"恢复 {name} 的知识库", by, lambda tell: _brought_back(shown, by.login, tell), name
    )


def last_made() -> Job | None:
    """Return the backup that was made here last."""
    return jobs.latest(KIND, _NOW)


def _made(tell: Tell) -> Made:
    made = making.make("manual", tell=tell)
    chosen = shelf.settings_if_readable()
    if chosen is None:
        return Made(made.name, 0)
    kept = chosen.backup
    return Made(made.name, len(rotation.rotate(kept.keep_days, kept.keep_at_least, time.time())))


def _compared(name: str, tell: Tell) -> Compared:
    backup = checking.check(shelf.find(name), tell)
    tell("比较", 0, 0)
    return Compared(backup, differences(backup), _seen())


def _brought_back(shown: Compared, by: str, tell: Tell) -> BroughtBack:
    home, name = environment().home, shown.backup.name
    backup = checking.check(shelf.find(name), tell)
    with noted(home, "restore", name, by, time.time()):
        if _seen() != shown.seen:
            raise BackupError(_CHANGED)
        done = restoring.restore(backup, {parts.KNOWLEDGE}, tell=tell)
    return BroughtBack(name, done)


def _seen() -> str:
    """Return a digest of all files that restoring the knowledge base may change."""
    digest = hashlib.sha256()
    with journal.steady(environment().home / FOLDER):
        for name in parts.project_files({parts.KNOWLEDGE}):
            if not name.startswith(parts.RECORDS):
                digest.update(f"{name}\0".encode() + _content(parts.place_of(name)) + b"\0")
    return digest.hexdigest()


def _content(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()
