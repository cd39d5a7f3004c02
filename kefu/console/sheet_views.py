"""What the pages of an import show: mistakes by their cells, changes by their entries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kefu.errors import Problem
from kefu.knowledge.changes import Change, FieldChange, Kind
from kefu.knowledge.exchange import Plan
from kefu.knowledge.model import Category, Entry
from kefu.knowledge.sheets import Elsewhere, Place

PER_PAGE = 50
MOST_PROBLEMS = 200
# In the order that people should look at them, with what the address calls them.
SHOWN = {"removed": Kind.REMOVED, "changed": Kind.CHANGED, "new": Kind.NEW}


@dataclass(frozen=True)
class ProblemRow:
    """One mistake: where it is, in three columns, and what to do about it."""

    sheet: str
    row: str
    column: str
    text: str


@dataclass(frozen=True)
class ChangeRow:
    """One entry and what becomes of it.

    Attributes:
        kind: The word for it; `key` is that of the address.
        entry: What a new entry says; None for others.
    """

    kind: str
    key: str
    category: str
    question: str
    fields: tuple[FieldChange, ...]
    entry: Entry | None


@dataclass(frozen=True)
class ChangePage:
    """Some of the changes: those of one kind, or of all, and which page of how many."""

    rows: tuple[ChangeRow, ...]
    show: str
    page: int
    pages: int


def problem_row(problem: Problem, uploaded: Path) -> ProblemRow:
    """Return a mistake as a row of a table; `uploaded` is the sheet under the name it has here."""
    line = problem.line
    if isinstance(line, Elsewhere):
        return ProblemRow("已有的条目", f"{line.file} 第 {int(line)} 行", "", problem.text)
    if isinstance(line, Place):
        cell = f"（{line.letter}{int(line)}）" if line.letter else ""
        return ProblemRow(line.sheet, f"{int(line)}", f"{line.column}{cell}", problem.text)
    place = "整个表格" if problem.file == uploaded else problem.file.name
    return ProblemRow(place, f"{line}" if line else "", "", problem.text)


def change_page(plan: Plan, show: str, page: int) -> ChangePage:
    """Return one page of what a plan changes.

    Args:
        plan: Of an import.
        show: One of SHOWN, or "" for all.
        page: From 1; what is beyond the end becomes the last.
    """
    kinds = [SHOWN[show]] if show in SHOWN else list(SHOWN.values())
    found = [change for kind in kinds for change in plan.changes if change.kind is kind]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    part = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    return ChangePage(_rows(plan, part), show if show in SHOWN else "", page, pages)


def _rows(plan: Plan, changes: list[Change]) -> tuple[ChangeRow, ...]:
    titles = {c.id: c.title for c in (*plan.base.categories, *plan.categories)}
    new = {change.label for change in changes if change.kind is Kind.NEW}
    entries = _entries(plan.categories, new)
    return tuple(
        ChangeRow(
            kind=change.kind.value,
            key=change.kind.name.lower(),
            category=titles[change.label.split("/", 1)[0]],
            question=change.question,
            fields=change.fields,
            entry=entries.get(change.label),
        )
        for change in changes
    )


def _entries(categories: tuple[Category, ...], labels: set[str]) -> dict[str, Entry]:
    return {
        entry.label: entry
        for category in categories
        for entry in category.entries
        if entry.label in labels
    }
