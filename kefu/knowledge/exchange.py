"""Importing a sheet: first a plan that can be looked at, then the files, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from kefu.errors import FileProblems, Problem
from kefu.knowledge.changes import Change, FieldChange, Kind, changes, new_titles
from kefu.knowledge.checks import check_categories
from kefu.knowledge.following_buttons import follow, reworded
from kefu.knowledge.grids import Step, silent
from kefu.knowledge.model import FOLDER, Category, Entry, Phrasing
from kefu.knowledge.sheet_reading import Content, read_sheet
from kefu.knowledge.sheet_targets import Target, Targets
from kefu.knowledge.sheets import Elsewhere, Place
from kefu.knowledge.writing import Base, changed_files, keep_copy, read_base, write_categories
from kefu.normalise import match_key


class Mode(str, Enum):
    """What becomes of entries and phrasings that the sheet does not have."""

    APPEND = "append"
    REPLACE = "replace"


@dataclass(frozen=True)
class Plan:
    """What an import would do.

    Attributes:
        base: The knowledge base from which the plan was made.
        categories: The knowledge base as it would be.
        changes: What becomes of each entry.
        titles: Categories that would be named anew.
        warnings: What the person should know before agreeing.
    """

    base: Base
    categories: tuple[Category, ...]
    changes: tuple[Change, ...]
    titles: tuple[FieldChange, ...]
    warnings: tuple[str, ...]

    def count(self, kind: Kind) -> int:
        """Return of how many entries this becomes."""
        return sum(change.kind is kind for change in self.changes)

    @property
    def empty(self) -> bool:
        """Tell whether nothing would change."""
        return not self.titles and self.count(Kind.UNCHANGED) == len(self.changes)


def plan_import(
    home: Path, file: Path, mode: Mode, known_texts: Iterable[str] = (), step: Step = silent
) -> Plan:
    """Read a sheet and work out what it would change; nothing is written.

    Args:
        home: Project directory.
        file: Excel or CSV file.
        mode: Append adds entries and phrasings and changes what the sheet says differently;
            replace makes the knowledge base what the sheet says.
        known_texts: Texts besides standard questions that a button may send.
        step: Told of the progress.

    Raises:
        SheetUnreadable: The file cannot be read at all.
        FileProblems: Everything that is wrong in the sheet, or with the result.
    """
    base, content = read_base(home), read_sheet(file, step)
    targets = Targets(base.categories, content, mode is Mode.REPLACE)
    found = targets.find()
    step("检查", 0, 0)
    categories = _result(base, targets.titles, found, mode, content)
    problems = [*content.problems, *targets.problems]
    if not content.rows:
        problems.append(Problem(file, 0, "列名下面没有内容，请填写后再导入"))
    else:
        # A button may point at an entry whose row is wrong: that is no mistake of the button.
        asked = (row.question.text for row in content.rows) if problems else ()
        problems += _unseen(check_categories(categories, (*known_texts, *asked)), problems)
    if problems:
        raise FileProblems(sorted(problems, key=lambda p: (str(p.file), int(p.line))))
    return Plan(
        base,
        categories,
        tuple(changes(base.categories, categories)),
        tuple(new_titles(base.categories, categories)),
        tuple(content.warnings),
    )


def carry_out(plan: Plan, var: Path, step: Step = silent) -> Path:
    """Write what a plan says, all or nothing; return the copy of what was there before.

    Raises:
        KnowledgeChanged: Somebody changed the knowledge base since the plan was made.
        NotWritable: The files or the copy cannot be written.
    """
    step("写入", 0, 0)
    changed = changed_files(plan.base, plan.categories)
    copy = keep_copy(plan.base.home, var)
    write_categories(plan.base.home, changed, expected=plan.base.files)
    return copy


def _result(
    base: Base, titles: dict[str, str], targets: list[Target], mode: Mode, content: Content
) -> tuple[Category, ...]:
    """Return the knowledge base as it would be, by the names of the files."""
    entries: dict[str, dict[str, Entry]] = {}
    if mode is Mode.APPEND:
        for category in base.categories:
            # By label and number: a base with a name twice is for the checks to complain of.
            entries[category.id] = {f"{e.label}#{e.line}": e for e in category.entries}
    for target in targets:
        old = target.entry
        made = _entry(target, content.file, mode)
        key = f"{old.label}#{old.line}" if old and mode is Mode.APPEND else f"{made.label}#"
        entries.setdefault(target.category, {})[key] = made
    follow(entries, reworded(targets, entries))
    known = {category.id: category for category in base.categories}
    return tuple(
        _category(base.home, name, titles[name], tuple(entries[name].values()), known.get(name))
        for name in sorted(entries)
    )


def _category(
    home: Path, name: str, title: str, entries: tuple[Entry, ...], known: Category | None
) -> Category:
    file = known.file if known is not None else home / FOLDER / f"{name}.yml"
    return Category(name, title, entries, file)


def _entry(target: Target, file: Path, mode: Mode) -> Entry:
    row, old = target.row, target.entry
    made = Entry(
        label=f"{target.category}/{target.name}",
        question=row.question,
        answer=row.answer,
        similar=row.similar,
        buttons=row.buttons,
        keywords=tuple(keyword.text for keyword in row.keywords),
        page=row.page.text,
        file=file,
        line=row.place,
    )
    if old is None or mode is Mode.REPLACE:
        return old if old is not None and _same(old, made) else made
    merged = _merged(old, made)
    return old if _same(old, merged) else merged


def _merged(old: Entry, made: Entry) -> Entry:
    """Return an entry with what the sheet adds; cells that are empty change nothing."""
    had = {match_key(phrasing.text) for phrasing in old.phrasings}
    had.add(match_key(made.question.text))
    added = [phrasing for phrasing in made.similar if match_key(phrasing.text) not in had]
    return replace(
        made,
        question=made.question if made.question.text else _kept(old, old.question),
        answer=made.answer if made.answer.text else _kept(old, old.answer),
        similar=(*(_kept(old, phrasing) for phrasing in old.similar), *added),
        buttons=made.buttons or tuple(_kept(old, button) for button in old.buttons),
        keywords=made.keywords or old.keywords,
        page=made.page or old.page,
    )


def _kept(entry: Entry, text: Phrasing) -> Phrasing:
    return Phrasing(text.text, Elsewhere(text.line, entry.file.name))


def _same(one: Entry, other: Entry) -> bool:
    return _said(one) == _said(other)


def _said(entry: Entry) -> tuple[object, ...]:
    texts = (entry.question, entry.answer, *entry.similar, None, *entry.buttons)
    return (*(text and text.text for text in texts), entry.keywords, entry.page)


def _unseen(found: list[Problem], known: list[Problem]) -> list[Problem]:
    """Leave out what follows from a cell that could not be used in the first place."""
    cells = {_cell(problem) for problem in known}
    rows = {cell[:3] for cell in cells}
    # What is said of a whole row: that it has too few phrasings, if their cell is wrong.
    return [p for p in found if _cell(p) not in cells and not (_of_row(p) and _cell(p)[:3] in rows)]


def _of_row(problem: Problem) -> bool:
    return isinstance(problem.line, Place) and not problem.line.column


def _cell(problem: Problem) -> tuple[str, str, int, str]:
    line = problem.line
    if not isinstance(line, Place):
        return str(problem.file), "", line, ""
    return str(problem.file), line.sheet, int(line), line.letter or line.column
