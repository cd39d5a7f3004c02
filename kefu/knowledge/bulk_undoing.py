"""Taking back what changed many entries at once, where nobody has changed the same since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kefu.knowledge import history
from kefu.knowledge.carrying_out import write_noted
from kefu.knowledge.checks import check_categories
from kefu.knowledge.edit_errors import UndoRefused
from kefu.knowledge.history import Change, EntryChange, TitleChange
from kefu.knowledge.library import Library
from kefu.knowledge.model import FOLDER, Category, Entry

_NAMED = 3


def take_back(
    known: Library, made: Change, back: Sequence[EntryChange], author: str, now: float
) -> Change:
    """Write the knowledge base without a change, and note it; return what was noted.

    Args:
        known: The knowledge base as it is.
        made: The change of many entries.
        back: What becomes of each of its entries.
        author: Who does it.
        now: UTC seconds.

    Raises:
        UndoRefused: The knowledge base would be wrong afterwards.
        KnowledgeChanged, NotWritable, LineFileProblem: As for any change.
    """
    titles = tuple(_titles_back(known, made))
    categories = tuple(_categories(known, back, titles))
    _check(known, categories)
    change = history.new_change("undo", back, author, now, made.id, note=made.note, titles=titles)
    write_noted(known, categories, change)
    return change


def _titles_back(known: Library, made: Change) -> Iterator[TitleChange]:
    for title in made.titles:
        category = known.category(title.category)
        now = None if category is None else category.title
        # What was named anew since keeps that name.
        if now == title.after:
            yield TitleChange(title.category, now, title.before)


def _categories(
    known: Library, back: Iterable[EntryChange], titles: Iterable[TitleChange]
) -> Iterator[Category]:
    by_category: dict[str, list[EntryChange]] = {}
    for change in back:
        by_category.setdefault(change.label.split("/", 1)[0], []).append(change)
    wanted = {title.category: title.after for title in titles if title.after is not None}
    there = {shelf.category.id: shelf.category for shelf in known.shelves}
    for name in sorted(there.keys() | by_category.keys()):
        file = known.home / FOLDER / f"{name}.yml"
        category = there.get(name) or Category(name, wanted.get(name, name), (), file)
        entries = _entries(known.home, category.entries, by_category.get(name, ()))
        if entries:
            yield replace(category, title=wanted.get(name, category.title), entries=entries)


def _entries(
    home: Path, entries: Iterable[Entry], back: Iterable[EntryChange]
) -> tuple[Entry, ...]:
    changed = {change.label: change for change in back if change.before is not None}
    found = [
        made
        for entry in entries
        if (made := _entry(home, changed[entry.label]) if entry.label in changed else entry)
    ]
    returning = [change for change in back if change.before is None]
    for change in sorted(returning, key=lambda change: change.place):
        place = change.place if 0 <= change.place <= len(found) else len(found)
        made = _entry(home, change)
        if made is not None:
            found.insert(place, made)
    return tuple(found)


def _entry(home: Path, change: EntryChange) -> Entry | None:
    return None if change.after is None else change.after.entry(home, change.label)


def _check(known: Library, categories: Sequence[Category]) -> None:
    """Raise UndoRefused when something would be wrong that is not wrong already."""
    had = {problem.text for problem in check_categories(known.base.categories, known.tasks)}
    found = [p.text for p in check_categories(categories, known.tasks) if p.text not in had]
    if found:
        more = f"……共 {len(found)} 处" if len(found) > _NAMED else ""
        told = "；".join(found[:_NAMED])
        raise UndoRefused(f"撤销之后知识库会有问题，没有撤销：{told}{more}。请直接修改条目")
