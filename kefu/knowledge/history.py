"""Who changed what in the knowledge base, and when: a file beside it that only grows.

Before files are written a line says what is about to change, after it another that it is
done. A process killed in between leaves the first alone; then what the knowledge base says
decides whether the change was made. Nothing of a customer's belongs in it.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from string import ascii_letters, digits
from threading import Lock
from typing import Any, Literal

from kefu.environment import environment
from kefu.knowledge.content import FIELDS, Content
from kefu.line_file import LineFile, Mark

FILE = "knowledge_history.jsonl"
_LETTERS = ascii_letters + digits

Kind = Literal["edit", "add", "remove", "move", "undo", "title", "import", "template", "restore"]
KINDS: dict[Kind, str] = {
    "edit": "修改",
    "add": "新增",
    "remove": "删除",
    "move": "移动",
    "undo": "撤销",
    "title": "改分类名",
    "import": "导入",
    "template": "换成模板",
    "restore": "从备份恢复",
}
# What changes any number of entries at once, and categories with them.
BULK: frozenset[Kind] = frozenset({"import", "template", "restore"})


@dataclass(frozen=True)
class Now:
    """What an entry says, and what a category is called, at present; None: there is none."""

    entry: Callable[[str], Content | None]
    title: Callable[[str], str | None]


@dataclass(frozen=True)
class EntryChange:
    """What became of one entry.

    Attributes:
        label: `category/id`.
        before: What it said; None: there was none.
        after: What it says since; None: it is gone.
        place: Where among the entries of its category it stood, or stands.
    """

    label: str
    before: Content | None
    after: Content | None
    place: int = -1

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the keys of the fields that are different."""
        if self.before is None or self.after is None:
            return tuple(FIELDS)
        return tuple(f for f in FIELDS if getattr(self.before, f) != getattr(self.after, f))


@dataclass(frozen=True)
class TitleChange:
    """What became of the title of a category; None where there was, or is, no such category."""

    category: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """One act of a person, on one entry or on several at once.

    Attributes:
        id: Eleven characters.
        at: UTC seconds.
        author: Login, or whoever gave the command.
        kind: What was done.
        entries: What became of each entry.
        undoes: The change that this one takes back.
        undone_by: The change that took this one back.
        note: Where it came from: the name of a sheet, a template or a backup.
        titles: Categories that came, went, or have another title.
    """

    id: str
    at: float
    author: str
    kind: Kind
    entries: tuple[EntryChange, ...]
    undoes: str | None = None
    undone_by: str | None = None
    note: str = ""
    titles: tuple[TitleChange, ...] = ()

    @property
    def is_bulk(self) -> bool:
        """Tell whether any number of entries came or went at once, and categories with them."""
        return self.kind in BULK or (self.kind == "undo" and bool(self.note))

    @property
    def counts(self) -> str:
        """Return how many entries came, changed and went, such as 新增 20，修改 3."""
        kinds = Counter(_what_became(entry) for entry in self.entries)
        told = [f"{word} {kinds[word]}" for word in ("新增", "修改", "删除") if kinds[word]]
        return "，".join(told) or "只改了分类的标题"


def new_change(
    kind: Kind,
    entries: Iterable[EntryChange],
    author: str,
    now: float,
    undoes: str | None = None,
    *,
    note: str = "",
    titles: Iterable[TitleChange] = (),
) -> Change:
    """Return a change with an id of its own; nothing is written."""
    # No hyphen, which at the beginning would make it an option of a command.
    number = "".join(secrets.choice(_LETTERS) for _ in range(11))
    return Change(
        number, now, author, kind, tuple(entries), undoes, note=note, titles=tuple(titles)
    )


def one_at_a_time() -> AbstractContextManager[None]:
    """Let nobody else change the knowledge base with a history meanwhile.

    Whoever is inside knows that a change without an end is that of a dead process.
    """
    return _file().alone()


def begin(change: Change) -> None:
    """Write down what is about to be changed. Raises LineFileProblem."""
    _file().append({"change": change.id, **_as_dict(change)})


def finish(change: Change) -> None:
    """Write down that the files say so now."""
    _file().append({"done": change.id})


def give_up(change: Change) -> None:
    """Write down that nothing was changed."""
    _file().append({"void": change.id})


def all_changes(now: Now) -> list[Change]:
    """Return the changes that were made, the newest first.

    Args:
        now: Tells what entries say at present.

    Raises:
        LineFileProblem: The history cannot be read.
    """
    changes, ends = _read()
    made = [c for c in changes if ends.get(c.id, "done" if _holds(c, now) else "void") == "done"]
    undone = {change.undoes: change.id for change in made if change.undoes}
    return [replace(change, undone_by=undone.get(change.id)) for change in reversed(made)]


def settle(now: Now) -> None:
    """Write down what became of changes that a killed process began.

    Args:
        now: Tells what entries say, read inside `one_at_a_time`.
    """
    changes, ends = _read()
    left = [change for change in changes if change.id not in ends]
    if left:
        _file().append(*({"done" if _holds(c, now) else "void": c.id} for c in left))


def entries_named(changes: Iterable[Change], label: str) -> Iterator[Change]:
    """Yield the changes of an entry, also those from before it was moved; newest first."""
    for change in changes:
        if not any(entry.label == label for entry in change.entries):
            continue
        yield change
        if change.kind == "move":
            label = _moved_from(change, label)


def _moved_from(change: Change, label: str) -> str:
    """Return where an entry stood before a move; its own label when another was moved."""
    came = any(entry.label == label and entry.before is None for entry in change.entries)
    gone = [entry.label for entry in change.entries if entry.after is None]
    return gone[0] if came and gone else label


class _Reader:
    """What was read so far: the changes in their order, and how each ended."""

    def __init__(self, file: LineFile) -> None:
        self.file = file
        self._mark = Mark()
        self._changes: list[Change] = []
        self._ends: dict[str, str] = {}
        self._lock = Lock()

    def read(self) -> tuple[list[Change], dict[str, str]]:
        """Return all changes and ends; of two ends the last word counts."""
        with self._lock:
            lines, self._mark = self.file.read_on(self._mark)
            if self._mark.again:
                self._changes.clear()
                self._ends.clear()
            for line in lines:
                self._take(line)
            return list(self._changes), dict(self._ends)

    def _take(self, line: dict[str, Any]) -> None:
        if "change" in line:
            self._changes.append(_from_dict(line))
        for end in ("done", "void"):
            if end in line:
                self._ends[line[end]] = end


@lru_cache(maxsize=4)
def _reader(path: Path) -> _Reader:
    return _Reader(LineFile(path))


def _read() -> tuple[list[Change], dict[str, str]]:
    return _reader(environment().var / FILE).read()


def _what_became(entry: EntryChange) -> str:
    if entry.before is None:
        return "新增"
    return "修改" if entry.after is not None else "删除"


def _holds(change: Change, now: Now) -> bool:
    return all(now.entry(entry.label) == entry.after for entry in change.entries) and all(
        now.title(title.category) == title.after for title in change.titles
    )


def _as_dict(change: Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "author": change.author,
        "kind": change.kind,
        "undoes": change.undoes,
        "note": change.note,
        "titles": [(title.category, title.before, title.after) for title in change.titles],
        "entries": [
            {
                "label": entry.label,
                "place": entry.place,
                "before": entry.before and entry.before.as_dict(),
                "after": entry.after and entry.after.as_dict(),
            }
            for entry in change.entries
        ],
    }


def _from_dict(line: dict[str, Any]) -> Change:
    entries = tuple(
        EntryChange(e["label"], _content(e["before"]), _content(e["after"]), e["place"])
        for e in line["entries"]
    )
    return Change(
        line["change"], line["at"], line["author"], line["kind"], entries, line["undoes"],
        note=line.get("note", ""),
        titles=tuple(TitleChange(*title) for title in line.get("titles", ())),
    )  # fmt: skip


def _content(given: dict[str, Any] | None) -> Content | None:
    return None if given is None else Content.from_dict(given)


def _file() -> LineFile:
    return _reader(environment().var / FILE).file
