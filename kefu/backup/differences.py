"""What restoring a backup would change."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu.backup import databases, durable, parts
from kefu.backup.checking import Backup
from kefu.backup.manifest import Facts
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge.model import FOLDER, Entry, read_files

NEW, CHANGED, GONE = "new", "changed", "gone"


@dataclass(frozen=True)
class Change:
    """Something that restoring makes, changes or takes away.

    Attributes:
        kind: new (only in the backup), changed or gone (only here).
        name: Label of an entry, or name of a file.
        text: The question of an entry, that of the backup where it has it.
    """

    kind: str
    name: str
    text: str = ""


@dataclass(frozen=True)
class Differences:
    """What restoring a backup would change, part by part.

    Attributes:
        entries: Of the knowledge base.
        unreadable: Why the entries of one side cannot be read (Chinese), else "".
        files: Of `data`, without the knowledge files.
        settings: Lines of a unified diff of the files of the settings, "-" now, "+" then.
        database: Whether there is one in the backup.
        now, then: What both databases hold; now is None without one that can be read.
    """

    entries: tuple[Change, ...] = ()
    unreadable: str = ""
    files: tuple[Change, ...] = ()
    settings: tuple[str, ...] = ()
    database: bool = False
    now: Facts | None = None
    then: Facts | None = None


def differences(backup: Backup, of: Collection[str] = parts.WHOLE) -> Differences:
    """Compare a backup that was checked with what is here, in the parts that are asked for."""
    home, held = environment().home, backup.manifest.database
    wanted = backup.manifest.parts & set(of)
    entries: tuple[Change, ...] = ()
    unreadable = ""
    if parts.KNOWLEDGE in wanted:
        entries, unreadable = _entries(home, backup.folder)
    return Differences(
        entries=entries,
        unreadable=unreadable,
        files=_other_files(backup) if parts.KNOWLEDGE in wanted else (),
        settings=_settings(home, backup) if parts.SETTINGS in wanted else (),
        database=parts.DATABASE in wanted,
        now=databases.facts_now() if parts.DATABASE in wanted else None,
        then=held if parts.DATABASE in wanted else None,
    )


def _entries(home: Path, folder: Path) -> tuple[tuple[Change, ...], str]:
    try:
        here, there = _read(home), _read(folder)
    except FileProblems as error:
        return (), str(error.problems[0])
    return tuple(_changes(here, there)), ""


def _read(home: Path) -> dict[str, Entry]:
    categories = read_files(sorted((home / FOLDER).glob("*.yml")))
    return {entry.label: entry for category in categories for entry in category.entries}


def _changes(here: Mapping[str, Entry], there: Mapping[str, Entry]) -> list[Change]:
    changes = []
    for label in sorted(here.keys() | there.keys()):
        ours, theirs = here.get(label), there.get(label)
        if theirs is None and ours is not None:
            changes.append(Change(GONE, label, ours.question.text))
        elif theirs is not None and (ours is None or _said(ours) != _said(theirs)):
            kind = NEW if ours is None else CHANGED
            changes.append(Change(kind, label, theirs.question.text))
    return changes


def _said(entry: Entry) -> tuple[object, ...]:
    """Return what an entry says, without where it stands."""
    return (
        entry.answer.text,
        [phrasing.text for phrasing in entry.phrasings],
        [button.text for button in entry.buttons],
        entry.keywords,
        entry.page,
    )


def _other_files(backup: Backup) -> tuple[Change, ...]:
    knowledge = (f"{FOLDER.as_posix()}/", parts.RECORDS)
    there = {file.name: file.sha256 for file in backup.manifest.of(parts.KNOWLEDGE)}
    here = dict.fromkeys(parts.project_files({parts.KNOWLEDGE}), "")
    changes = []
    for name in sorted(there.keys() | here.keys()):
        if name.startswith(knowledge):
            continue
        if name not in there:
            changes.append(Change(GONE, name))
        elif name not in here:
            changes.append(Change(NEW, name))
        elif _digest(parts.place_of(name)) != there[name]:
            changes.append(Change(CHANGED, name))
    return tuple(changes)


def _settings(home: Path, backup: Backup) -> tuple[str, ...]:
    there = {file.name for file in backup.manifest.of(parts.SETTINGS)}
    lines: list[str] = []
    for name in parts.SETTINGS_FILES:
        if name not in there:
            continue  # what a backup does not have of the settings stays
        before, after = _lines(home / name), _lines(backup.folder / name)
        lines += difflib.unified_diff(
            before, after, f"现在的 {name}", f"备份的 {name}", n=1, lineterm=""
        )
    return tuple(lines)


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return file.read_bytes().decode("utf-8", "replace").splitlines()


def _digest(file: Path) -> str:
    return durable.digest_of(file.resolve(), lambda _: None)
