"""What the knowledge base will say after a change, and whether it may say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryRefused
from kefu.knowledge.history import EntryChange, TitleChange
from kefu.knowledge.library import Library
from kefu.knowledge.live_checks import FieldProblem, problems_in, problems_of_removing
from kefu.knowledge.model import FOLDER, Category, Entry
from kefu.normalise import match_key


def changed(
    known: Library, changes: Sequence[EntryChange], titles: Sequence[TitleChange]
) -> list[Category]:
    """Return the categories as they shall be; those that go are left out."""
    there = _renamed(known, titles)
    by_category: dict[str, list[Entry]] = {
        category.id: list(category.entries) for category in there
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
    gone = {title.category for title in titles if title.after is None}
    return [
        replace(category, entries=tuple(by_category[category.id]))
        for category in there
        if category.id not in gone or by_category[category.id]
    ]


def _renamed(known: Library, titles: Sequence[TitleChange]) -> list[Category]:
    """Return the categories with their new titles, and those that begin, still empty."""
    new = {title.category: title.after for title in titles if title.after is not None}
    there = [shelf.category for shelf in known.shelves]
    begun = [
        Category(id_, title, (), known.home / FOLDER / f"{id_}.yml")
        for id_, title in new.items()
        if known.category(id_) is None
    ]
    return [*(replace(one, title=new.get(one.id, one.title)) for one in there), *begun]


def check(known: Library, changes: Sequence[EntryChange], titles: Sequence[TitleChange]) -> None:
    """Raise EditError when the knowledge base would be wrong afterwards."""
    begun = {title.category for title in titles if title.before is None}
    for change in changes:
        _check_place(known, change.label, begun)
    after = {change.label: change.after for change in changes}
    keeps = {c.after.question for c in changes if c.after is not None}
    problems: list[FieldProblem] = []
    for change in changes:
        if change.after is not None:
            found = problems_in(known, change.label, change.after, keeps)
            # What was wrong before, and is somewhere else, does not keep from mending this.
            mine = [p for p in found if p.field in ("id", *change.fields)]
            problems += [p for p in mine if not given_up(p, change.after, after)]
        elif change.before is not None and change.before.question not in keeps:
            found = problems_of_removing(known, change.label)
            problems += [p for p in found if not _is_released(p, change.before, after)]
    blocking = [problem for problem in problems if problem.blocks]
    if blocking:
        raise EntryRefused(blocking)
    categories = changed(known, changes, titles)
    if not categories:
        raise EditError("知识库里只剩这一个条目，不能删除：请先新建别的条目")
    for category in categories:
        if not category.entries:
            raise EditError(f"「{category.title}」里只有这一个条目，不能移走或删除：分类不能是空的")


def given_up(problem: FieldProblem, content: Content, after: Mapping[str, Content | None]) -> bool:
    """Tell whether the other entry of a conflict loses the phrasing with the same change."""
    if problem.other_label is None or problem.other_label not in after:
        return False
    other = after[problem.other_label]
    if other is None:
        return True
    mine = content.question if problem.item is None else content.similar[problem.item]
    return match_key(mine) not in map(match_key, (other.question, *other.similar))


def _is_released(
    problem: FieldProblem, removed: Content, after: Mapping[str, Content | None]
) -> bool:
    """Tell whether an entry loses its button for a removed question with the same change."""
    if problem.other_label is None or problem.other_label not in after:
        return False
    other = after[problem.other_label]
    return other is None or removed.question not in other.buttons


def _check_place(known: Library, label: str, begun: Collection[str]) -> None:
    name = label.split("/", 1)[0]
    category = known.category(name)
    if category is None and name in begun:
        return
    if category is None:
        raise EditError(f"没有分类「{label.split('/', 1)[0]}」，请刷新后再选")
    if sum(entry.label == label for entry in category.entries) > 1:
        raise EditError(f"文件里有两个「{label}」，请先在 {category.file.name} 里给其中一个改名")
