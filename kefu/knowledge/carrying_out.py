"""Making a change: planned from the present files, checked, written, noted in the history."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kefu.knowledge import history
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryRefused
from kefu.knowledge.history import Change, EntryChange, Kind
from kefu.knowledge.library import Library, library
from kefu.knowledge.live_checks import problems_in, problems_of_removing
from kefu.knowledge.model import Category, Entry
from kefu.knowledge.writing import KnowledgeChanged, changed_files, write_categories
from kefu.line_file import LineFileProblem

logger = logging.getLogger(__name__)

# How often a change is tried again because the files were changed while it was made.
_ATTEMPTS = 5


@dataclass(frozen=True)
class Saved:
    """What became of an entry.

    Attributes:
        label: Of the entry.
        entry: What it says now; None when it is gone.
        change: Number in the history; None when nothing had to be changed.
        from_theirs: Fields that somebody else changed meanwhile, and that were kept.
        also: Labels of other entries whose buttons were changed along.
    """

    label: str
    entry: Content | None
    change: str | None
    from_theirs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What shall be written, made from one state of the knowledge base."""

    kind: Kind
    entries: tuple[EntryChange, ...]
    from_theirs: tuple[str, ...] = ()
    undoes: str | None = None


def carry_out(home: Path, plan: Callable[[Library], Plan], author: str, now: float) -> Saved:
    """Make a plan from the present files and write it.

    Those who edit here wait for each other; where git or an import changed the files
    meanwhile, the plan is made again.
    """
    with history.one_at_a_time():
        for _ in range(_ATTEMPTS - 1):
            try:
                return _attempt(home, plan, author, now)
            except KnowledgeChanged:
                logger.info("the knowledge base was changed meanwhile, once more")
        return _attempt(home, plan, author, now)


def _attempt(home: Path, plan: Callable[[Library], Plan], author: str, now: float) -> Saved:
    known = library(home)
    history.settle(_reader(known))
    made = plan(known)
    wanted = tuple(entry for entry in made.entries if entry.before != entry.after)
    if not wanted:
        return _saved(made, None)
    _check(known, wanted)
    change = history.new_change(made.kind, wanted, author, now, made.undoes)
    _write(known, change)
    return _saved(made, change.id)


def current(home: Path) -> history.Now:
    """Return a function that tells what an entry says now."""
    return _reader(library(home))


def _write(known: Library, change: Change) -> None:
    categories = _changed(known, change.entries)
    base = known.base
    files = changed_files(base, categories)
    history.begin(change)
    try:
        write_categories(known.home, files, base.files)
    except KnowledgeChanged:
        history.give_up(change)
        raise
    # After any other error the files may still be finished by whoever comes next, so that
    # they tell what became of the change.
    try:
        history.finish(change)
    except LineFileProblem:
        logger.exception("change %s is made, but not marked as done", change.id)


def _changed(known: Library, changes: Sequence[EntryChange]) -> list[Category]:
    by_category: dict[str, list[Entry]] = {
        shelf.category.id: list(shelf.category.entries) for shelf in known.shelves
    }
    for change in changes:
        entries = by_category[change.label.split("/", 1)[0]]
        place = next((i for i, e in enumerate(entries) if e.label == change.label), None)
        new = [change.after.entry(known.home, change.label)] if change.after else []
        if place is None:
            place = change.place if 0 <= change.place <= len(entries) else len(entries)
            entries[place:place] = new
        else:
            entries[place : place + 1] = new
    return [
        replace(shelf.category, entries=tuple(by_category[shelf.category.id]))
        for shelf in known.shelves
    ]


def _check(known: Library, changes: Sequence[EntryChange]) -> None:
    """Raise EditError when the knowledge base would be wrong afterwards."""
    for change in changes:
        _check_place(known, change.label)
    moved_from = {c.label for c in changes if c.after is None}
    keeps = {c.after.question for c in changes if c.after is not None}
    problems = []
    for change in changes:
        if change.after is not None:
            found = problems_in(known, change.label, change.after, keeps)
            # What was wrong before, and is somewhere else, does not keep from mending this.
            mine = ("id", *change.fields)
            problems += [p for p in found if p.other_label not in moved_from and p.field in mine]
        elif change.before is not None and change.before.question not in keeps:
            problems += problems_of_removing(known, change.label)
    blocking = [problem for problem in problems if problem.blocks]
    if blocking:
        raise EntryRefused(blocking)
    for category in _changed(known, changes):
        if not category.entries:
            raise EditError(f"「{category.title}」里只有这一个条目，不能移走或删除：分类不能是空的")


def _check_place(known: Library, label: str) -> None:
    category = known.category(label.split("/", 1)[0])
    if category is None:
        raise EditError(f"没有分类「{label.split('/', 1)[0]}」，请刷新后再选")
    if sum(entry.label == label for entry in category.entries) > 1:
        raise EditError(f"文件里有两个「{label}」，请先在 {category.file.name} 里给其中一个改名")


def _reader(known: Library) -> history.Now:
    def now(label: str) -> Content | None:
        entry = known.entry(label)
        return None if entry is None else Content.of(entry)

    return now


def _saved(plan: Plan, change: str | None) -> Saved:
    main = next((e for e in plan.entries if e.after is not None), plan.entries[0])
    also = tuple(e.label for e in plan.entries if e is not main and e.after is not None)
    return Saved(main.label, main.after, change, plan.from_theirs, also)
