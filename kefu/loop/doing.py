"""What one click does with a group, written down so that another click takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kefu.errors import KefuError
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError
from kefu.knowledge.editing import add, save
from kefu.knowledge.ids import new_id
from kefu.knowledge.library import library
from kefu.knowledge.undoing import undo as undo_change
from kefu.loop import acts, dismissals, settling
from kefu.loop.acts import Act, new_act, note, note_undone
from kefu.loop.grouping import grouping_key
from kefu.loop.groups import Group


class NothingNew(EditError):
    """Raised when an entry has all these phrasings already."""


class ActGone(KefuError):
    """Raised when an act cannot be taken back: it is not known, or was taken back already."""


def add_phrasings(
    home: Path, label: str, texts: Sequence[str], by: str, now: float,
    group: Group | None = None, taken: Sequence[str] = (),
) -> Act:  # fmt: skip
    """Add texts to an entry as phrasings.

    Args:
        home: Project directory.
        label: The entry.
        texts: As they shall be written.
        by: Login of who does it.
        now: UTC seconds.
        group: What they are from, if any.
        taken: Those of them that another entry has, which shall not have them any more.

    Raises:
        NothingNew: The entry has them all.
        EditError, FileProblems, LineFileProblem: As for `editing.save`; nothing was changed.
    """
    changes: list[str] = []
    try:
        for draft in settling.taken_from(home, label, taken):
            changes += _number(save(home, draft, by, now).change)
        added = _number(settling.add_phrasings(home, label, texts, by, now).change)
        if not added:
            raise NothingNew("这个条目里已经有这些问法了，不用再加")
    except KefuError:
        _take_back(home, changes, by, now)
        raise
    return _noted(group, "add", label, tuple(texts), (*changes, *added), by, now)


def new_entry(
    home: Path, group: Group, category: str, content: Content, by: str, now: float
) -> Act:
    """Add an entry to a category, under an id made from its question; raises what `add` does."""
    found = library(home).category(category)
    taken = {entry.label.split("/", 1)[1] for entry in found.entries} if found else set()
    label = f"{category}/{new_id(content.question, taken, 'entry')}"
    saved = add(home, label, content, by, now)
    texts = (content.question, *content.similar)
    return _noted(group, "new", label, texts, tuple(_number(saved.change)), by, now)


def put_away(group: Group, by: str, now: float) -> Act:
    """Put a group away for good. Raises LineFileProblem."""
    dismissals.dismiss(group, by, now)
    return _noted(group, "dismiss", "", group.examples, (), by, now)


def undo(home: Path, act_id: str, by: str, now: float) -> Act:
    """Take an act back and return it.

    Raises:
        ActGone: It is not known, or was taken back already.
        UndoRefused: What it changed was changed again since; other errors as for `save`.
    """
    act = acts.find(act_id)
    if act is None:
        raise ActGone("没有这次操作的记录，请刷新后再看")
    if act.undone_by is not None:
        raise ActGone("这次操作已经撤销过了")
    _take_back(home, act.changes, by, now)
    if act.kind == "dismiss":
        dismissals.bring_back(act.group, by, now)
    note_undone(act.id, by, now)
    return act


def _take_back(home: Path, changes: Sequence[str], by: str, now: float) -> None:
    for change in reversed(changes):
        undo_change(home, change, by, now)


def _noted(
    group: Group | None, kind: acts.Kind, label: str, texts: tuple[str, ...],
    changes: tuple[str, ...], by: str, now: float,
) -> Act:  # fmt: skip
    keys = {grouping_key(text) for text in texts}
    asked: dict[str, Any] = {}
    if group is not None:
        keys |= group.keys
        asked = {"group": group.id, "count": group.count, "customers": group.customers}
    act = new_act(kind, by, now, keys, label=label, texts=texts, changes=changes, **asked)
    note(act)
    return act


def _number(change: str | None) -> list[str]:
    return [] if change is None else [change]
