"""A group of questions as the page shows it: wordings to choose, entries to add them to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kefu.console.loop_likely import likely
from kefu.insight.names import question_name
from kefu.knowledge.checks import MAX_PHRASING
from kefu.knowledge.library import Library
from kefu.knowledge.model import Entry
from kefu.knowledge.search import Found, KnowledgeSearch
from kefu.labels import category_of, is_entry
from kefu.loop.groups import Group, Proposal, proposal
from kefu.masking import Masker
from kefu.normalise import match_key

# From which likeness an entry is called like the question.
_LIKE = ((0.6, "很像"), (0.25, "比较像"), (0.0, "有一点像"))


@dataclass(frozen=True)
class Wording:
    """One way in which customers asked.

    Attributes:
        text: As it stands in the field.
        chosen: Whether it is to be added.
        hint: Why it cannot be added as it is, or where it is already; "" where it can.
        problem: What was wrong when it was to be added.
        other: The entry that has it, where that is the problem.
        take: Whether it is to be taken from there.
    """

    text: str
    chosen: bool = True
    hint: str = ""
    problem: str = ""
    other: Entry | None = None
    take: bool = False


@dataclass(frozen=True)
class Choice:
    """An entry that wordings may be added to; `like` says how much it resembles them."""

    entry: Entry
    category: str
    like: str = ""


@dataclass(frozen=True)
class Card:
    """A group with all that its form shows.

    Attributes:
        group: The questions.
        wordings: What may be added.
        choices: Entries to add to, the likeliest first.
        label: The one that is chosen, "" where none is.
        proposal: What had better be done.
        known: The entry that has these words already, where the answer is to be renewed.
        looking: Whether like entries are still being looked for.
        problem: What went wrong.
    """

    group: Group
    wordings: tuple[Wording, ...]
    choices: tuple[Choice, ...]
    label: str
    proposal: Proposal
    known: Choice | None = None
    looking: bool = False
    problem: str = ""


def card(group: Group, known: Library, found: KnowledgeSearch | None, in_time: bool = True) -> Card:
    """Return a group's card; its entries may still have to be looked for.

    Args:
        group: The questions.
        known: The knowledge base.
        found: Its search, None while that is made.
        in_time: Whether there is time for looking; otherwise what was found before is shown.
    """
    hits = likely(group, found if in_time else None)
    choices = choices_of(group, known, hits or ())
    answers = group.known_as is not None and not group.settled
    itself = choice(known, group.known_as) if answers and group.known_as else None
    wordings = tuple(_wording(text, known) for text in group.examples)
    proposed = proposal(group, hits or ())
    # Whoever clicks without looking must not add to an entry that is hardly like it.
    label = choices[0].entry.label if choices and proposed != "new_entry" else ""
    return Card(group, wordings, choices, label, proposed, itself, looking=hits is None)


def choices_of(group: Group, known: Library, hits: Sequence[Found]) -> tuple[Choice, ...]:
    """Return the entries that a group's wordings may belong to, as one may choose them."""
    choices = []
    for hit in hits:
        there = choice(known, hit.entry.label)
        if there is not None:
            is_right = hit.entry.label == group.should_be
            like = "抽查时选的" if is_right else likeness(hit.score)
            choices.append(replace(there, like=like))
    return tuple(choices)


def choice(known: Library, label: str) -> Choice | None:
    """Return an entry as one may choose it, None where it is gone."""
    entry = known.entry(label)
    return None if entry is None else Choice(entry, category_title(known, label))


def title_of(known: Library, label: str) -> str:
    """Return what people call an entry or a task."""
    if not is_entry(label):
        return question_name(label)
    entry = known.entry(label)
    return entry.question.text if entry else "已经删除或移走的条目"


def category_title(known: Library, label: str) -> str:
    """Return the title of the category that a label is in."""
    category = known.category(category_of(label))
    return category.title if category else category_of(label)


def likeness(score: float) -> str:
    """Return in words how much two texts are alike."""
    return next(word for least, word in _LIKE if score >= least)


def _wording(text: str, known: Library) -> Wording:
    kinds = Masker().found(text)
    askers = known.askers(match_key(text))
    if askers:
        entry = known.entry(askers[0][0])
        name = entry.question.text if entry else askers[0][1]
        return Wording(text, False, f"已在「{name}」里")
    if kinds:
        return Wording(text, False, f"有{'、'.join(kinds)}，改成一般的说法才能加")
    if len(text) > MAX_PHRASING:
        return Wording(text, False, f"太长（{len(text)} 字），缩短到 {MAX_PHRASING} 字以内才能加")
    return Wording(text)
