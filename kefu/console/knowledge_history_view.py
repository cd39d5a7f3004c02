"""Changes of the knowledge base as people read them: who, when, what, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from kefu.knowledge.carrying_out import current
from kefu.knowledge.content import FIELDS
from kefu.knowledge.history import KINDS, Change, EntryChange, all_changes, entries_named
from kefu.knowledge.library import Library
from kefu.staff import people

# Entries of one change that are told one by one; imports have thousands.
_MOST = 20
# Longer texts are not compared letter by letter.
_LONGEST = 2000
# Texts less alike are shown one after the other, not letter by letter.
_ALIKE = 0.5

Part = tuple[str, str]


@dataclass(frozen=True)
class FieldShown:
    """What became of a field: a text in parts (same, out, in), or items that went and came."""

    title: str
    parts: tuple[Part, ...] = ()
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    reordered: bool = False


@dataclass(frozen=True)
class EntryShown:
    """What became of an entry."""

    label: str
    question: str
    category: str
    what: str
    is_there: bool
    fields: tuple[FieldShown, ...]


@dataclass(frozen=True)
class ChangeShown:
    """A change as the page shows it."""

    change: Change
    author: str
    kind: str
    entries: tuple[EntryShown, ...]
    more: int
    titles: tuple[tuple[str, str], ...]


def named(changes: Iterable[Change]) -> list[tuple[Change, str]]:
    """Return changes with the names of their authors."""
    names = _nicknames()
    return [(change, names.get(change.author, change.author)) for change in changes]


def changes_of(home: Path, label: str = "") -> list[Change]:
    """Return the changes of an entry, or without a label all, the newest first.

    Raises:
        FileProblems, LineFileProblem: Knowledge base or history cannot be read.
    """
    every = all_changes(current(home))
    return list(entries_named(every, label)) if label else every


def told(change: Change, label: str) -> str:
    """Return what a change did to an entry, in a few words."""
    for entry in change.entries:
        if entry.label == label and entry.before and entry.after:
            return "、".join(FIELDS[field] for field in entry.fields)
    return KINDS.get(change.kind, change.kind)


def shown_changes(known: Library, changes: Sequence[Change]) -> list[ChangeShown]:
    """Return changes as the page shows them."""
    names = _nicknames()
    return [_shown(known, change, names) for change in changes]


def _nicknames() -> dict[str, str]:
    return {person.login: person.nickname for person in people.everybody()}


def _shown(known: Library, change: Change, names: dict[str, str]) -> ChangeShown:
    return ChangeShown(
        change,
        names.get(change.author, change.author),
        KINDS.get(change.kind, change.kind),
        tuple(_entry(known, entry) for entry in change.entries[:_MOST]),
        max(0, len(change.entries) - _MOST),
        tuple((title.before or "", title.after or "") for title in change.titles),
    )


def _entry(known: Library, entry: EntryChange) -> EntryShown:
    said = entry.after or entry.before
    category = known.category(entry.label.split("/", 1)[0])
    what = "修改" if entry.before and entry.after else "新增" if entry.after else "删除"
    return EntryShown(
        entry.label,
        said.question if said else "",
        category.title if category else "",
        what,
        known.entry(entry.label) is not None,
        tuple(_fields(entry)),
    )


def _fields(entry: EntryChange) -> Iterator[FieldShown]:
    if entry.before is None or entry.after is None:
        return
    for field in entry.fields:
        before, after = getattr(entry.before, field), getattr(entry.after, field)
        if isinstance(before, str):
            yield FieldShown(FIELDS[field], tuple(marked(before, after)))
            continue
        removed = tuple(text for text in before if text not in after)
        added = tuple(text for text in after if text not in before)
        yield FieldShown(FIELDS[field], (), removed, added, not removed and not added)


def marked(before: str, after: str) -> Iterator[Part]:
    """Yield a text's way from before to after in parts: same, out or in, and the part."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if max(len(before), len(after)) > _LONGEST or matcher.ratio() < _ALIKE:
        yield from ((kind, text) for kind, text in (("out", before), ("in", after)) if text)
        return
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield "same", before[start:end]
            continue
        if end > start:
            yield "out", before[start:end]
        if new_end > new_start:
            yield "in", after[new_start:new_end]
