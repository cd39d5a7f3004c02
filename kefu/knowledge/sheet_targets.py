"""Which entry each row of a sheet means: one that is there already, or a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kefu.errors import Problem
from kefu.knowledge.ids import new_id
from kefu.knowledge.model import Category, Entry, Phrasing
from kefu.knowledge.sheet_reading import Content
from kefu.knowledge.sheets import Place, Row
from kefu.labels import DIALOGUE, NOT_RECOGNISED, OUT_OF_SCOPE, SMALL_TALK, TASKS
from kefu.normalise import clean, match_key

# Intents that are there already: a category of the same name would be mixed up with them.
_RESERVED = TASKS | SMALL_TALK | DIALOGUE | {NOT_RECOGNISED, OUT_OF_SCOPE}
_CATEGORY_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass
class Target:
    """One row, its category, its name in it, and the entry that it changes."""

    row: Row
    category: str
    name: str
    entry: Entry | None


class Targets:
    """Finds the targets of all rows; `problems` says which have none.

    `titles` holds the title of each category that the rows name.
    """

    def __init__(self, base: tuple[Category, ...], content: Content, replacing: bool) -> None:
        """Remember what is there; `replacing` lets the sheet give categories new titles."""
        self._content, self._replacing = content, replacing
        self._base = {category.id: category for category in base}
        entries = [entry for category in base for entry in category.entries]
        self._entries = {entry.label: entry for entry in entries}
        self._asked = {match_key(entry.question.text): entry for entry in entries}
        self.problems: list[Problem] = []
        self.titles: dict[str, str] = {}
        self._named_at: dict[str, Place] = {}
        self._ids: dict[str, set[str]] = {}

    def find(self) -> list[Target]:
        """Return a target for each row that has one; new entries have their names."""
        self._learn_titles()
        found = [target for row in self._content.rows if (target := self._target(row))]
        found = list(self._once(found))
        self._give_names(found)
        return found

    def _learn_titles(self) -> None:
        if not self._replacing:
            self.titles = {category.id: category.title for category in self._base.values()}
        for row in self._content.rows:
            category, title = _split(row.id)[0], row.category.text
            if category and title:
                self._learn_title(category, title, row)
        known = {**{c.id: c.title for c in self._base.values()}, **self.titles}
        for category, title in known.items():
            self._ids.setdefault(_key(title), set()).add(category)

    def _learn_title(self, category: str, title: str, row: Row) -> None:
        known = self.titles.setdefault(category, title)
        place = self._named_at.setdefault(category, _place(row.category))
        if _key(known) in (_key(title), category) or _key(title) == category:
            return
        where = f"（{place}）" if place is not row.category.line else ""
        self._wrong(
            row.category,
            f"写的是「{title}」，但编号「{row.id.text}」属于分类「{known}」{where}："
            "请把分类改成一样；要移到别的分类，请清空编号",
        )

    def _target(self, row: Row) -> Target | None:
        category, name = _split(row.id)
        asked = self._asked.get(match_key(row.question.text)) if row.question.text else None
        category = category or self._category(row, name, asked)
        if not category:
            return None
        if category in _RESERVED:
            where = row.category if row.category.text == category else row.id
            self._wrong(where, f"里的「{category}」是内置功能的名称：请换一个分类名称")
            return None
        self.titles.setdefault(category, self._title(category, row))
        if not name and asked is not None:
            if asked.label.split("/")[0] != category and not self._replacing:
                self._wrong(
                    row.category,
                    f"不对：「{asked.question.text}」已经在另一个分类里（编号 {asked.label}），"
                    "请改成它的分类，或换一个标准问题",
                )
                return None
            name = asked.label.split("/", 1)[1]
        return Target(row, category, name, self._entries.get(f"{category}/{name}"))

    def _category(self, row: Row, name: str, asked: Entry | None) -> str:
        """Return the category of a row whose number does not name it; empty if unknown."""
        title = row.category.text
        if not title:
            return self._unnamed(row, name, asked)
        found = self._ids.get(_key(title), set())
        if len(found) > 1:
            ids = "、".join(sorted(found))
            hint = f"「{title}」有几个（{ids}）：请在编号里写明，如 {min(found)}/{name or '…'}"
            self._wrong(row.category, hint)
            return ""
        if found:
            return next(iter(found))
        known = {*self._base, *self.titles, *_RESERVED}
        key = _key(title)
        written = key in known or bool(_CATEGORY_ID.fullmatch(key))
        category = key if written else new_id(title, known, "category")
        self._ids.setdefault(key, set()).add(category)
        return category

    def _unnamed(self, row: Row, name: str, asked: Entry | None) -> str:
        if name:
            having = [c.id for c in self._base.values() if f"{c.id}/{name}" in self._entries]
            if len(having) == 1:
                return having[0]
        elif asked is not None:
            return asked.label.split("/")[0]
        self._wrong(row.category, "是空的：请填上分类的标题，如「订单相关」")
        return ""

    def _title(self, category: str, row: Row) -> str:
        known = self._base.get(category)
        return known.title if known is not None else row.category.text or category

    def _once(self, targets: list[Target]) -> Iterator[Target]:
        """Leave out rows whose entry another row means as well, and name both."""
        seen: dict[str, Row] = {}
        for target in targets:
            key = target.name or f"？{match_key(target.row.question.text)}"
            first = seen.setdefault(f"{target.category}/{key}", target.row)
            if first is target.row:
                yield target
                continue
            where = target.row.id if target.row.id.text else target.row.question
            text = f"与{first.place}是同一个条目：请合并成一行"
            self._wrong(where, text)

    def _give_names(self, targets: list[Target]) -> None:
        taken: dict[str, set[str]] = {}
        if not self._replacing:
            for label in self._entries:
                taken.setdefault(label.split("/")[0], set()).add(label.split("/", 1)[1])
        for target in targets:
            if target.name:
                taken.setdefault(target.category, set()).add(target.name)
        for target in targets:
            if not target.name:
                names = taken.setdefault(target.category, set())
                target.name = new_id(target.row.question.text, names, "q")
                names.add(target.name)

    def _wrong(self, where: Phrasing, text: str) -> None:
        self.problems.append(Problem(self._content.file, where.line, text))


def _split(number: Phrasing) -> tuple[str, str]:
    """Return category and name of a number like `order/query_order`; the first may be missing."""
    category, slash, name = clean(number.text).replace(" ", "").rpartition("/")
    return (category, name) if slash else ("", name)


def _place(text: Phrasing) -> Place:
    assert isinstance(text.line, Place)
    return text.line


def _key(title: str) -> str:
    return "".join(clean(title).split())
