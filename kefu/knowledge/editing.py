"""Changing entries so that no change of anybody's is lost, be it made here or in git."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kefu.knowledge.carrying_out import Plan, Saved, carry_out
from kefu.knowledge.conflicts import merge
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryConflict, EntryGone
from kefu.knowledge.history import EntryChange
from kefu.knowledge.library import Library, library
from kefu.knowledge.model import Category


@dataclass(frozen=True)
class Draft:
    """An entry that is being edited.

    Attributes:
        label: `category/id`.
        base: What it said when it was opened.
        entry: What it shall say.
    """

    label: str
    base: Content
    entry: Content

    @property
    def version(self) -> str:
        """Return what tells the content that it was opened with from any other."""
        return self.base.version


def open_entry(home: Path, label: str) -> Draft:
    """Return an entry for editing.

    Raises:
        EntryGone: There is none of that label.
        FileProblems: The knowledge base cannot be read.
    """
    content = _content(library(home), label)
    return Draft(label, content, content)


def save(home: Path, draft: Draft, author: str, now: float) -> Saved:
    """Write what a draft says, together with what others have changed meanwhile.

    Buttons of other entries follow when the standard question is changed.

    Args:
        home: Project directory.
        draft: With the changed entry.
        author: Who does it: a login.
        now: UTC seconds.

    Raises:
        EntryConflict: Others changed the same fields in another way.
        EntryGone: The entry was removed or moved meanwhile.
        EntryRefused: The entry has mistakes.
        KnowledgeChanged: The files kept changing.
        NotWritable, LineFileProblem: There is no room, or no right to write.
    """

    def plan(known: Library) -> Plan:
        current = _content(known, draft.label)
        merged = merge(draft.base, draft.entry, current)
        if merged.conflicts:
            raise EntryConflict(draft.label, merged.conflicts, current, merged.content)
        change = EntryChange(draft.label, current, merged.content, _place(known, draft.label))
        return Plan("edit", (change, *_buttons(known, change)), merged.from_theirs)

    return carry_out(home, plan, author, now)


def add(home: Path, label: str, content: Content, author: str, now: float) -> Saved:
    """Add an entry at the end of its category; raises what `save` does."""

    def plan(known: Library) -> Plan:
        _check_free(known, label)
        place = len(_category(known, label).entries)
        return Plan("add", (EntryChange(label, None, content, place),))

    return carry_out(home, plan, author, now)


def remove(home: Path, draft: Draft, author: str, now: float) -> Saved:
    """Remove an entry, unless somebody has changed it since it was opened.

    Raises:
        EntryConflict, EntryGone, EntryRefused: As for `save`; also refused where a
            button of another entry asks its question.
    """

    def plan(known: Library) -> Plan:
        current = _unchanged(known, draft)
        change = EntryChange(draft.label, current, None, _place(known, draft.label))
        return Plan("remove", (change,))

    return carry_out(home, plan, author, now)


def move(home: Path, draft: Draft, category: str, author: str, now: float) -> Saved:
    """Move an entry to the end of another category; its id stays. Raises what `remove` does."""
    target = f"{category}/{draft.label.split('/', 1)[1]}"

    def plan(known: Library) -> Plan:
        current = _unchanged(known, draft)
        _check_free(known, target)
        there = EntryChange(target, None, current, len(_category(known, target).entries))
        gone = EntryChange(draft.label, current, None, _place(known, draft.label))
        return Plan("move", (gone, there))

    return carry_out(home, plan, author, now)


def _buttons(known: Library, change: EntryChange) -> tuple[EntryChange, ...]:
    """Return what becomes of buttons that ask a question whose wording changes."""
    assert change.before is not None
    assert change.after is not None
    old, new = change.before.question, change.after.question
    if old == new:
        return ()
    found = []
    for label in dict.fromkeys(known.pressers(old)):
        if label != change.label:
            before = _content(known, label)
            buttons = tuple(new if text == old else text for text in before.buttons)
            after = replace(before, buttons=buttons)
            found.append(EntryChange(label, before, after, _place(known, label)))
    return tuple(found)


def _unchanged(known: Library, draft: Draft) -> Content:
    current = _content(known, draft.label)
    merged = merge(draft.base, draft.base, current)
    if merged.from_theirs:
        raise EditError("这个条目刚刚被别人改过，没有删除或移动：请看过新的内容再决定")
    return current


def _content(known: Library, label: str) -> Content:
    entry = known.entry(label)
    if entry is None:
        raise EntryGone(label)
    return Content.of(entry)


def _category(known: Library, label: str) -> Category:
    category = known.category(label.split("/", 1)[0])
    if category is None:
        raise EditError(f"没有分类「{label.split('/', 1)[0]}」，请刷新后再选")
    return category


def _check_free(known: Library, label: str) -> None:
    if known.entry(label) is not None:
        raise EditError(f"条目「{label}」已经有了，请换一个编号")


def _place(known: Library, label: str) -> int:
    labels = [entry.label for entry in _category(known, label).entries]
    return labels.index(label)
