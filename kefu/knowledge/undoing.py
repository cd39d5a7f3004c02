"""Taking a change back: itself a change, and only where nobody has changed the same since."""

from __future__ import annotations

from pathlib import Path

from kefu.knowledge import history
from kefu.knowledge.bulk_undoing import take_back
from kefu.knowledge.carrying_out import Plan, Saved, carry_out, current
from kefu.knowledge.conflicts import merge
from kefu.knowledge.content import FIELDS, Content
from kefu.knowledge.edit_errors import UndoRefused
from kefu.knowledge.history import Change, EntryChange, TitleChange
from kefu.knowledge.library import Library, library


def history_of(home: Path, label: str) -> list[Change]:
    """Return the changes of an entry, the newest first, also those before it was moved.

    Raises:
        FileProblems, LineFileProblem: Knowledge base or history cannot be read.
    """
    return list(history.entries_named(history.all_changes(current(home)), label))


def recent_changes(home: Path, limit: int = 100) -> list[Change]:
    """Return the last changes of the knowledge base, the newest first."""
    return history.all_changes(current(home))[:limit]


def undo(home: Path, change_id: str, author: str, now: float) -> Saved:
    """Take a change back, whatever else was changed meanwhile stays.

    Args:
        home: Project directory.
        change_id: As the history has it.
        author: Who does it.
        now: UTC seconds.

    Raises:
        UndoRefused: There is no such change, it was taken back already, or the same
            fields (of lists: the same items) were changed since, here or in git.
        EntryRefused: The former state is not allowed any more, for example because a
            phrasing belongs to another entry now.
    """

    if _change(history.all_changes(current(home)), change_id).is_bulk:
        return _undo_bulk(home, change_id, author, now)

    def plan(known: Library) -> Plan:
        made = _change(history.all_changes(current(home)), change_id)
        back = tuple(_back(known, entry) for entry in made.entries)
        titles = tuple(_title_back(known, title) for title in made.titles)
        return Plan("undo", back, undoes=made.id, titles=titles)

    return carry_out(home, plan, author, now)


def _undo_bulk(home: Path, change_id: str, author: str, now: float) -> Saved:
    with history.one_at_a_time():
        history.settle(current(home))
        made = _change(history.all_changes(current(home)), change_id)
        known = library(home)
        back = [_back(known, entry) for entry in made.entries]
        done = take_back(known, made, back, author, now)
    labels = [entry.label for entry in back]
    return Saved(labels[0] if labels else made.note, None, done.id, also=tuple(labels[1:]))


def _change(made: list[Change], change_id: str) -> Change:
    for change in made:
        if change.id == change_id:
            if change.undone_by is not None:
                raise UndoRefused("这次修改已经撤销过了")
            return change
    raise UndoRefused("没有这次修改，请刷新后再看")


def _back(known: Library, change: EntryChange) -> EntryChange:
    entry = known.entry(change.label)
    now = None if entry is None else Content.of(entry)
    if change.before is None or change.after is None or now is None:
        if now != change.after:
            raise UndoRefused(f"条目「{change.label}」之后又有改动，不能撤销：请直接修改它")
        return EntryChange(change.label, now, change.before, change.place)
    merged = merge(change.after, change.before, now)
    touched = [f for f in change.fields if _touched(f, change.before, change.after, now)]
    if merged.conflicts or touched:
        names = "、".join(FIELDS[f] for f in dict.fromkeys(touched))
        raise UndoRefused(f"「{now.question}」的{names}之后又改过，不能撤销：请直接修改它")
    return EntryChange(change.label, now, merged.content, change.place)


def _title_back(known: Library, change: TitleChange) -> TitleChange:
    category = known.category(change.category)
    now = None if category is None else category.title
    if now != change.after:
        raise UndoRefused(f"分类「{now or change.after}」之后又有改动，不能撤销：请直接修改它")
    return TitleChange(change.category, now, change.before)


def _touched(field: str, before: Content, after: Content, now: Content) -> bool:
    """Tell whether a later change has touched what a change made of a field."""
    old, made, here = (getattr(content, field) for content in (before, after, now))
    if field not in ("similar", "keywords"):
        return bool(here != made)
    added, removed = set(made) - set(old), set(old) - set(made)
    return bool(added - set(here) or removed & set(here))
