"""What is wrong with an entry that is being written, with the other entry beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kefu.console.knowledge_form import Given, taken_value
from kefu.knowledge.content import Content
from kefu.knowledge.library import Library
from kefu.knowledge.live_checks import FieldProblem, problems_in
from kefu.knowledge.others import Taken, givers
from kefu.knowledge.outcome import given_up
from kefu.normalise import match_key

# Phrasings of the other entry that are shown beside the one in question.
_AROUND = 8


@dataclass(frozen=True)
class OtherEntry:
    """The entry that has a phrasing already.

    Attributes:
        label: Of the entry.
        question, category, answer: As people read them.
        phrasing: How it writes the phrasing.
        phrasings: Some of what it says, the phrasing among them.
        more: How many phrasings are left out.
        take: Value of the box that moves the phrasing here; "" where it cannot be moved.
    """

    label: str
    question: str
    category: str
    answer: str
    phrasing: str
    phrasings: tuple[str, ...]
    more: int
    take: str


@dataclass(frozen=True)
class Shown:
    """A problem as the form shows it.

    Attributes:
        field: Key of the field.
        text: What is wrong and what to do.
        item: Which item of a list, from 0; None: the field as a whole.
        blocks: Whether it keeps from saving.
        other: The other entry that it is about.
        taken: Whether it is solved by moving the phrasing when the entry is saved.
    """

    field: str
    text: str
    item: int | None = None
    blocks: bool = True
    other: OtherEntry | None = None
    taken: bool = False


def shown_problems(known: Library, label: str, given: Given) -> list[Shown]:
    """Return what is wrong with an entry as it stands in the form, in the form's order."""
    content = given.wanted
    after = {change.label: change.after for change in givers(known, given.taken)}
    return [
        _shown(known, problem, content, given_up(problem, content, after))
        for problem in problems_in(known, label, content)
    ]


def _shown(known: Library, problem: FieldProblem, content: Content, taken: bool) -> Shown:
    other = _other(known, problem, content)
    text = f"保存时从「{other.question}」移过来" if taken and other else problem.text
    return Shown(problem.field, text, problem.item, problem.blocks and not taken, other, taken)


def _other(known: Library, problem: FieldProblem, content: Content) -> OtherEntry | None:
    entry = known.entry(problem.other_label) if problem.other_label else None
    category = known.category(entry.label.split("/", 1)[0]) if entry else None
    if entry is None or category is None:
        return None
    key = match_key(content.question if problem.item is None else content.similar[problem.item])
    same = [phrasing.text for phrasing in entry.phrasings if match_key(phrasing.text) == key]
    may_move = match_key(entry.question.text) != key and len(same) > 0
    phrasings = tuple(_around([phrasing.text for phrasing in entry.similar], same))
    return OtherEntry(
        entry.label,
        entry.question.text,
        category.title,
        entry.answer.text,
        same[0] if same else "",
        phrasings,
        len(entry.similar) - len(phrasings),
        taken_value(Taken(entry.label, same[0])) if may_move else "",
    )


def _around(texts: list[str], same: list[str]) -> Iterator[str]:
    """Yield the first phrasings, and in any case those that are the same."""
    kept = [text for text in texts if text in same][:_AROUND]
    room = _AROUND - len(kept)
    for text in texts:
        if text in kept:
            yield text
        elif room > 0:
            room -= 1
            yield text
