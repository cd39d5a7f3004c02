"""What differs between two states of the knowledge base, entry by entry and field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from kefu.knowledge.entry_text import values
from kefu.knowledge.model import Category, Entry
from kefu.knowledge.sheets import BY_KEY


class Kind(str, Enum):
    """What becomes of an entry; the value is shown to people."""

    NEW = "新增"
    CHANGED = "修改"
    REMOVED = "删除"
    UNCHANGED = "不变"


@dataclass(frozen=True)
class FieldChange:
    """One field before and after; lists are told by what came and what went."""

    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def added(self) -> tuple[str, ...]:
        """Return what was not there before."""
        return tuple((Counter(self.after) - Counter(self.before)).elements())

    @property
    def removed(self) -> tuple[str, ...]:
        """Return what is no longer there."""
        return tuple((Counter(self.before) - Counter(self.after)).elements())


@dataclass(frozen=True)
class Change:
    """One entry and what becomes of it."""

    kind: Kind
    label: str
    question: str
    fields: tuple[FieldChange, ...] = ()


def changes(before: Iterable[Category], after: Iterable[Category]) -> list[Change]:
    """Return what becomes of every entry: first those that are, then those that were."""
    old, new = _entries(before), _entries(after)
    found = [_change(old.get(label), entry) for label, entry in new.items()]
    gone = [entry for label, entry in old.items() if label not in new]
    return [*found, *(Change(Kind.REMOVED, e.label, e.question.text) for e in gone)]


def new_titles(before: Iterable[Category], after: Iterable[Category]) -> Iterator[FieldChange]:
    """Yield the titles of categories that change."""
    old = {category.id: category.title for category in before}
    for category in after:
        title = old.get(category.id, category.title)
        if title != category.title:
            yield FieldChange(f"分类 {category.id} 的标题", (title,), (category.title,))


def _change(old: Entry | None, new: Entry) -> Change:
    if old is None:
        return Change(Kind.NEW, new.label, new.question.text)
    before, after = values(old), values(new)
    fields = tuple(
        FieldChange(column.title, _many(before.get(key)), _many(after.get(key)))
        for key, column in BY_KEY.items()
        if key != "category" and _many(before.get(key)) != _many(after.get(key))
    )
    kind = Kind.CHANGED if fields else Kind.UNCHANGED
    return Change(kind, new.label, new.question.text, fields)


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _entries(categories: Iterable[Category]) -> dict[str, Entry]:
    return {entry.label: entry for category in categories for entry in category.entries}
