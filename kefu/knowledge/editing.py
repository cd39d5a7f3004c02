"""Changing entries so that no change of anybody's is lost, be it made here or in git."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from kefu.knowledge.carrying_out import Plan, Saved, carry_out
from kefu.knowledge.conflicts import merge
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryConflict, EntryGone
from kefu.knowledge.history import EntryChange, TitleChange
from kefu.knowledge.library import Library, library
from kefu.knowledge.model import Category
from kefu.knowledge.others import Taken, givers, others, place_of, pressers


@dataclass(frozen=True)
class Draft:
    """An entry that is being edited.

    Attributes:
        label: `category/id`.
        base: What it said when it was opened.
        entry: What it shall say.
        category: Where it shall stand; empty: where it is.
        taken: Phrasings that other entries lose because this one has them now.
    """

    label: str
    base: Content
    entry: Content
    category: str = ""
    taken: tuple[Taken, ...] = ()

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
        change = EntryChange(draft.label, current, merged.content, place_of(known, draft.label))
        along = others(known, change, draft.taken)
        if draft.category in ("", draft.label.split("/", 1)[0]):
            return Plan("edit", (change, *along), merged.from_theirs)
        moved = _moved(known, draft, change)
        return Plan("move", (*moved, *along), merged.from_theirs)

    return carry_out(home, plan, author, now)


def add(
    home: Path,
    label: str,
    content: Content,
    author: str,
    now: float,
    *,
    title: str = "",
    taken: Iterable[Taken] = (),
) -> Saved:
    """Add an entry at the end of its category; raises what `save` does.

    Args:
        home: Project directory.
        label: `category/id`, not in use yet.
        content: What it says.
        author: Who does it: a login.
        now: UTC seconds.
        title: Of the category, where it begins with this entry.
        taken: Phrasings that other entries lose because this one has them.
    """
    category = label.split("/", 1)[0]

    def plan(known: Library) -> Plan:
        _check_free(known, label)
        begins = bool(title) and known.category(category) is None
        place = 0 if begins else len(_category(known, label).entries)
        change = EntryChange(label, None, content, place)
        titles = (TitleChange(category, None, title),) if begins else ()
        return Plan("add", (change, *givers(known, taken)), titles=titles)

    return carry_out(home, plan, author, now)


def rename(home: Path, category: str, title: str, author: str, now: float) -> Saved:
    """Give a category another title. Raises what `save` does."""

    def plan(known: Library) -> Plan:
        before = _category(known, category).title
        if any(s.category.title == title and s.category.id != category for s in known.shelves):
            raise EditError(f"已经有一个分类叫「{title}」，请换一个名称")
        return Plan("title", (), titles=(TitleChange(category, before, title),))

    return carry_out(home, plan, author, now)


def remove(
    home: Path,
    draft: Draft,
    author: str,
    now: float,
    *,
    with_buttons: bool = False,
    with_category: bool = False,
) -> Saved:
    """Remove an entry, unless somebody has changed it since it was opened.

    Args:
        home: Project directory.
        draft: As it was opened.
        author: Who does it: a login.
        now: UTC seconds.
        with_buttons: Also take the buttons of other entries away that ask its question.
        with_category: Also remove the category when this is its last entry.

    Raises:
        EntryConflict, EntryGone, EntryRefused: As for `save`; without `with_buttons` also
            refused where a button of another entry asks its question.
    """

    def plan(known: Library) -> Plan:
        current = _unchanged(known, draft)
        change = EntryChange(draft.label, current, None, place_of(known, draft.label))
        buttons = pressers(known, change) if with_buttons else ()
        return Plan(
            "remove", (change, *buttons), titles=_ended(known, change) if with_category else ()
        )

    return carry_out(home, plan, author, now)


def move(home: Path, draft: Draft, category: str, author: str, now: float) -> Saved:
    """Move an entry to the end of another category; its id stays. Raises what `remove` does."""

    def plan(known: Library) -> Plan:
        current = _unchanged(known, draft)
        change = EntryChange(draft.label, current, current, place_of(known, draft.label))
        return Plan("move", _moved(known, replace(draft, category=category), change))

    return carry_out(home, plan, author, now)


def _moved(known: Library, draft: Draft, change: EntryChange) -> tuple[EntryChange, ...]:
    """Return a change as what goes at the old place and what comes at the new one."""
    target = f"{draft.category}/{draft.label.split('/', 1)[1]}"
    _check_free(known, target)
    there = EntryChange(target, None, change.after, len(_category(known, target).entries))
    return replace(change, after=None), there


def _ended(known: Library, removed: EntryChange) -> tuple[TitleChange, ...]:
    """Return the category that goes with its last entry."""
    category = _category(known, removed.label)
    if len(category.entries) > 1:
        return ()
    return (TitleChange(category.id, category.title, None),)


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
