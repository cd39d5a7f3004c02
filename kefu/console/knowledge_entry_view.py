"""The form of an entry with everything around it: problems, conflicts, preview, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kefu.console.knowledge_form import Given
from kefu.console.knowledge_preview import Preview, preview
from kefu.console.knowledge_problems import Shown, shown_problems
from kefu.environment import environment
from kefu.knowledge.checks import MAX_ANSWER, MAX_BUTTONS, MIN_SIMILAR, answer_length
from kefu.knowledge.content import FIELDS, Content
from kefu.knowledge.history import Change
from kefu.knowledge.library import Library
from kefu.settings import settings

# Stands for an entry that has no id yet.
_NO_ID = "new"


@dataclass(frozen=True)
class Clash:
    """A field that another person changed too.

    Attributes:
        field, title: Key, and name for people.
        mine, theirs: Its lines, each with whether the other side has it as well.
        choice: mine, theirs, or "" while nothing is chosen.
        who: Who made the other change, as far as that is known.
    """

    field: str
    title: str
    mine: tuple[tuple[str, bool], ...]
    theirs: tuple[tuple[str, bool], ...]
    choice: str
    who: str


@dataclass(frozen=True)
class EntryForm:
    """All that the page of an entry shows but the messages at its top."""

    label: str
    given: Given
    problems: tuple[Shown, ...]
    clashes: tuple[Clash, ...]
    preview: Preview
    categories: tuple[tuple[str, str], ...]
    tasks: tuple[str, ...]
    is_hot: bool
    is_last: bool

    @property
    def blocking(self) -> int:
        """Return how many problems keep from saving."""
        return sum(problem.blocks for problem in self.problems)

    @property
    def is_unwritten(self) -> bool:
        """Tell whether there is no question or no answer yet."""
        return not (self.given.content.question and self.given.content.answer)

    @property
    def left(self) -> int:
        """Return how many characters the answer may still have; below 0 it has too many."""
        return MAX_ANSWER - answer_length(self.given.content.answer)

    @property
    def button_rows(self) -> tuple[str, ...]:
        """Return the buttons, with empty rows up to as many as there may be."""
        buttons = self.given.content.buttons
        return buttons + ("",) * (MAX_BUTTONS - len(buttons))

    @property
    def lacking(self) -> int:
        """Return how many phrasings are missing until it can be published."""
        return max(0, MIN_SIMILAR - len(self.given.content.similar))

    def whole(self, field: str) -> list[Shown]:
        """Return the problems of a field that are about no single item."""
        return [p for p in self.problems if p.field == field and p.item is None]

    def of_item(self, field: str, item: int) -> list[Shown]:
        """Return the problems of one item of a list."""
        return [p for p in self.problems if p.field == field and p.item == item]

    def of_items(self, field: str) -> list[Shown]:
        """Return the problems of all items of a list."""
        return [p for p in self.problems if p.field == field and p.item is not None]


def entry_form(
    known: Library,
    label: str,
    given: Given,
    changes: Sequence[tuple[Change, str]] = (),
    *,
    strict: bool = True,
) -> EntryForm:
    """Return the form of an entry.

    Args:
        known: The knowledge base; one without shelves where it cannot be read.
        label: Of the entry; empty for a new one.
        given: What stands in the fields.
        changes: Of the entry, the newest first, each with its author's name.
        strict: Whether it is said that question, answer and phrasings are still empty.
    """
    hot = [settings().welcome.hot_questions]
    hot += [page.hot_questions for page in settings().welcome.pages.values()]
    problems = shown_problems(known, label or f"{_NO_ID}/{_NO_ID}", given)
    if not strict:
        problems = [problem for problem in problems if not _is_empty(problem, given)]
    asked = given.base.question if given.base else given.content.question
    category = known.category(label.split("/", 1)[0]) if label else None
    return EntryForm(
        label,
        given,
        tuple(problems),
        tuple(_clashes(given, changes)),
        preview(given.wanted),
        tuple((shelf.category.id, shelf.category.title) for shelf in known.shelves),
        tuple(sorted(known.tasks)),
        any(asked in questions for questions in hot),
        category is not None and len(category.entries) == 1,
    )


def nothing_known() -> Library:
    """Return a knowledge base for a form whose files cannot be read at the moment."""
    return Library(environment().home, (), frozenset())


def _is_empty(problem: Shown, given: Given) -> bool:
    written = ("question", "answer", "similar")
    return problem.field in written and not getattr(given.content, problem.field)


def _clashes(given: Given, changes: Sequence[tuple[Change, str]]) -> list[Clash]:
    if given.base is None:
        return []
    choices = dict(given.choices)
    return [
        Clash(
            field,
            FIELDS[field],
            *_sides(_lines(getattr(given.content, field)), _lines(getattr(given.base, field))),
            choices.get(field, ""),
            _who(field, given.base, changes),
        )
        for field in given.conflicts
    ]


def _sides(
    mine: list[str], theirs: list[str]
) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    return (
        tuple((line, line in theirs) for line in mine),
        tuple((line, line in mine) for line in theirs),
    )


def _lines(value: str | tuple[str, ...]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _who(field: str, now: Content, changes: Sequence[tuple[Change, str]]) -> str:
    """Return who made a field what it is; "" when somebody changed the file itself."""
    for change, author in changes:
        for entry in change.entries:
            made = entry.after and getattr(entry.after, field)
            if made == getattr(now, field) and field in entry.fields:
                return author
    return ""
