"""The knowledge base as it stands on the disk now, each file read once for each state of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from kefu.errors import FileProblems
from kefu.knowledge import journal
from kefu.knowledge.keys import key_of
from kefu.knowledge.model import FOLDER, Category, Entry, read_files
from kefu.knowledge.tasks import task_titles
from kefu.knowledge.writing import Base

_MOST_READ = 400
_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Shelf:
    """One category with its file's content and what is looked up in it."""

    category: Category
    content: bytes

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Return the entries by their labels."""
        return {entry.label: entry for entry in self.category.entries}

    @cached_property
    def asked(self) -> dict[str, list[tuple[str, str]]]:
        """Return who has a phrasing, by its key: labels, and how each writes it."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for entry in self.category.entries:
            for phrasing in entry.phrasings:
                found[key_of(phrasing.text)].append((entry.label, phrasing.text))
        return dict(found)

    @cached_property
    def questions(self) -> dict[str, list[str]]:
        """Return the labels of each standard question."""
        found: dict[str, list[str]] = defaultdict(list)
        for entry in self.category.entries:
            found[entry.question.text].append(entry.label)
        return dict(found)

    @cached_property
    def pressed(self) -> dict[str, list[str]]:
        """Return the labels of the entries that show a button, by its text."""
        found: dict[str, list[str]] = defaultdict(list)
        for entry in self.category.entries:
            for button in entry.buttons:
                found[button.text].append(entry.label)
        return dict(found)


@dataclass(frozen=True)
class Library:
    """All categories of one state of the knowledge base, and the titles of the tasks."""

    home: Path
    shelves: tuple[Shelf, ...]
    tasks: frozenset[str]

    @property
    def base(self) -> Base:
        """Return it as `writing` wants it."""
        files = {shelf.category.file.name: shelf.content for shelf in self.shelves}
        return Base(self.home, files, tuple(shelf.category for shelf in self.shelves))

    def entry(self, label: str) -> Entry | None:
        """Return an entry, None when there is none of that label."""
        found = (shelf.entries.get(label) for shelf in self.shelves)
        return next((entry for entry in found if entry is not None), None)

    def category(self, category: str) -> Category | None:
        """Return a category, None when there is none of that id."""
        found = (shelf.category for shelf in self.shelves)
        return next((one for one in found if one.id == category), None)

    def askers(self, key: str) -> list[tuple[str, str]]:
        """Return the entries with a phrasing of this `match_key`: label, and how it is written."""
        return [asker for shelf in self.shelves for asker in shelf.asked.get(key, ())]

    def is_question(self, text: str) -> bool:
        """Tell whether a button may send this: a standard question or a task."""
        return text in self.tasks or any(text in shelf.questions for shelf in self.shelves)

    def pressers(self, text: str) -> list[str]:
        """Return the labels of the entries with this button."""
        return [label for shelf in self.shelves for label in shelf.pressed.get(text, ())]


def library(home: Path) -> Library:
    """Return the knowledge base of a project as it is now.

    Raises:
        FileProblems: A file cannot be read as knowledge.
    """
    with journal.steady(home / FOLDER):
        found = [_shelf(file) for file in sorted((home / FOLDER).glob("*.yml"))]
    return Library(home, tuple(found), _tasks(home))


_read: dict[Path, tuple[_Stamp, Shelf]] = {}
_tasks_read: dict[Path, tuple[tuple[_Stamp, ...], frozenset[str]]] = {}
_lock = Lock()


def _shelf(file: Path) -> Shelf:
    stamp, known = _stamp(file), _read.get(file)
    if known is not None and known[0] == stamp:
        return known[1]
    with _lock:
        while True:
            content = file.read_bytes()
            (category,) = read_files([file])
            if file.read_bytes() == content and _stamp(file) == stamp:
                break
            stamp = _stamp(file)
        if len(_read) >= _MOST_READ:
            _read.clear()
        shelf = Shelf(category, content)
        _read[file] = (stamp, shelf)
    return shelf


def _tasks(home: Path) -> frozenset[str]:
    stamps = tuple(_stamp(file) for file in sorted((home / "data" / "nlu").glob("*.yml")))
    known = _tasks_read.get(home)
    if known is None or known[0] != stamps:
        known = _tasks_read[home] = (stamps, frozenset(task_titles(home)))
    return known[1]


def _stamp(file: Path) -> _Stamp:
    try:
        status = file.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    # A file that is replaced is another one, even within one tick of the clock.
    return status.st_mtime_ns, status.st_size, status.st_ino


__all__ = ["FileProblems", "Library", "Shelf", "library"]
