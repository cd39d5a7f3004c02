"""Making a change: planned from the present files, checked, written, noted in the history."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kefu.knowledge import history
from kefu.knowledge.content import Content
from kefu.knowledge.history import Change, EntryChange, Kind, TitleChange
from kefu.knowledge.library import Library, library
from kefu.knowledge.model import Category
from kefu.knowledge.outcome import changed, check
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
    titles: tuple[TitleChange, ...] = ()


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
    titles = tuple(title for title in made.titles if title.before != title.after)
    if not wanted and not titles:
        return _saved(made, None)
    check(known, wanted, titles)
    change = history.new_change(made.kind, wanted, author, now, made.undoes, titles=titles)
    write_noted(known, changed(known, wanted, titles), change)
    return _saved(made, change.id)


def current(home: Path) -> history.Now:
    """Return a function that tells what an entry says now."""
    return _reader(library(home))


def write_noted(known: Library, categories: Iterable[Category], change: Change) -> None:
    """Write the knowledge base that a change leads to, and note the change in the history.

    Raises:
        KnowledgeChanged: The files are not as `known` has them; nothing was changed.
        NotWritable, LineFileProblem: There is no room, or no right to write.
    """
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


def _reader(known: Library) -> history.Now:
    def entry(label: str) -> Content | None:
        found = known.entry(label)
        return None if found is None else Content.of(found)

    def title(category: str) -> str | None:
        found = known.category(category)
        return None if found is None else found.title

    return history.Now(entry, title)


def _saved(plan: Plan, change: str | None) -> Saved:
    if not plan.entries:
        return Saved("", None, change)
    first = plan.entries[0]
    came = (entry for entry in plan.entries if entry.before is None)
    # Of an entry that went its new place counts, where it has one.
    main = first if first.after is not None else next(came, first)
    also = tuple(e.label for e in plan.entries if e is not main and e.after is not None)
    return Saved(main.label, main.after, change, plan.from_theirs, also)
