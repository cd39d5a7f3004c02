"""Changing any number of entries at once, noted in the history: sheets, templates, backups."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge import exchange, history
from kefu.knowledge.carrying_out import current
from kefu.knowledge.content import Content
from kefu.knowledge.grids import Step, silent
from kefu.knowledge.history import Change, EntryChange, Kind, TitleChange
from kefu.knowledge.model import Category
from kefu.knowledge.writing import KnowledgeChanged, read_base
from kefu.line_file import LineFileProblem

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BroughtIn:
    """What an import did.

    Attributes:
        copy: Folder with the knowledge files as they were before.
        change: Of the history.
    """

    copy: Path
    change: Change


def bring_in(
    plan: exchange.Plan, source: str, author: str, now: float, step: Step = silent
) -> BroughtIn:
    """Carry out the plan of an import and note it in the history.

    Args:
        plan: Made by `exchange.plan_import`.
        source: Name of the sheet, for people.
        author: Login, or whoever gave the command.
        now: UTC seconds.
        step: Told of the progress.

    Raises:
        KnowledgeChanged: Somebody changed the knowledge base since the plan was made.
        NotWritable, LineFileProblem: There is no room, or no right to write.
    """
    with history.one_at_a_time():
        history.settle(current(plan.base.home))
        change = _change("import", source, author, now, plan.base.categories, plan.categories)
        history.begin(change)
        try:
            copy = exchange.carry_out(plan, environment().var, step)
        except KnowledgeChanged:
            history.give_up(change)
            raise
        _finish(change)
    return BroughtIn(copy, change)


@contextmanager
def noted(home: Path, kind: Kind, note: str, author: str, now: float) -> Iterator[None]:
    """Note in the history what becomes of the knowledge base meanwhile.

    For what replaces whole files. Nothing is noted where the files cannot be read as
    knowledge before or after, nor when the process is killed meanwhile.
    """
    with history.one_at_a_time():
        before = _readable(home)
        yield
        after = _readable(home)
        if before is None or after is None:
            return
        change = _change(kind, note, author, now, before, after)
        if change.entries or change.titles:
            history.begin(change)
            _finish(change)


def entry_changes(before: Iterable[Category], after: Iterable[Category]) -> Iterator[EntryChange]:
    """Yield the entries that are different, first those that are, then those that went."""
    old, new = _contents(before), _contents(after)
    for label, (place, content) in new.items():
        former = old[label][1] if label in old else None
        if former != content:
            yield EntryChange(label, former, content, place)
    for label, (place, content) in old.items():
        if label not in new:
            yield EntryChange(label, content, None, place)


def _change(
    kind: Kind,
    note: str,
    author: str,
    now: float,
    before: Iterable[Category],
    after: Iterable[Category],
) -> Change:
    before, after = tuple(before), tuple(after)
    titles = _title_changes(_titles(before), _titles(after))
    entries = entry_changes(before, after)
    return history.new_change(kind, entries, author, now, note=note, titles=titles)


def _title_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[TitleChange]:
    for category in sorted(old.keys() | new.keys()):
        if old.get(category) != new.get(category):
            yield TitleChange(category, old.get(category), new.get(category))


def _titles(categories: Iterable[Category]) -> dict[str, str]:
    return {category.id: category.title for category in categories}


def _contents(categories: Iterable[Category]) -> dict[str, tuple[int, Content]]:
    return {
        entry.label: (place, Content.of(entry))
        for category in categories
        for place, entry in enumerate(category.entries)
    }


def _readable(home: Path) -> tuple[Category, ...] | None:
    try:
        return read_base(home).categories
    except FileProblems:
        return None


def _finish(change: Change) -> None:
    try:
        history.finish(change)
    except LineFileProblem:
        # The files tell what became of it, to whoever comes next.
        logger.exception("change %s is made, but not marked as done", change.id)
