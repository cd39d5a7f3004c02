"""Against mix-ups: one entry made of two, and an entry put where its neighbours are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kefu.knowledge.carrying_out import Plan, carry_out
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EntryGone
from kefu.knowledge.editing import move, open_entry
from kefu.knowledge.history import EntryChange
from kefu.knowledge.library import Library
from kefu.knowledge.model import Entry
from kefu.loop.acts import Act, Kind, new_act, note
from kefu.normalise import match_key


def merge(home: Path, kept: str, gone: str, answer: str, by: str, now: float) -> Act:
    """Make one entry of two, as one change of the knowledge base.

    Args:
        home: Project directory.
        kept: Label of the entry that stays; it gets all phrasings and keywords.
        gone: Label of the entry that goes.
        answer: What the one says from now on.
        by: Login of who does it.
        now: UTC seconds.

    Raises:
        EntryGone: One of them is not there any more.
        EntryRefused: A button of another entry asks the question of the one that goes.
        EditError, FileProblems, LineFileProblem: As for `editing.save`.
    """

    def plan(known: Library) -> Plan:
        stays, goes = _entry(known, kept), _entry(known, gone)
        before, former = Content.of(stays), Content.of(goes)
        change = EntryChange(kept, before, merged(before, former, answer), _place(known, stays))
        removed = EntryChange(gone, former, None, _place(known, goes))
        return Plan("edit", (change, removed))

    saved = carry_out(home, plan, by, now)
    return _noted("merge", kept, saved.change, by, now)


def merged(stays: Content, goes: Content, answer: str) -> Content:
    """Return what an entry says that takes over another one's phrasings and keywords."""
    known = {match_key(stays.question)}
    similar = []
    for text in (*stays.similar, goes.question, *goes.similar):
        if match_key(text) not in known:
            known.add(match_key(text))
            similar.append(text)
    keywords = tuple(dict.fromkeys((*stays.keywords, *goes.keywords)))
    buttons = tuple(text for text in stays.buttons if text != goes.question)
    return replace(stays, answer=answer, similar=tuple(similar), keywords=keywords, buttons=buttons)


def move_to(home: Path, label: str, category: str, by: str, now: float) -> Act:
    """Move an entry to another category; raises what `editing.move` does."""
    saved = move(home, open_entry(home, label), category, by, now)
    return _noted("move", saved.label, saved.change, by, now)


def _noted(kind: Kind, label: str, change: str | None, by: str, now: float) -> Act:
    act = new_act(kind, by, now, label=label, changes=() if change is None else (change,))
    note(act)
    return act


def _entry(known: Library, label: str) -> Entry:
    entry = known.entry(label)
    if entry is None:
        raise EntryGone(label)
    return entry


def _place(known: Library, entry: Entry) -> int:
    category = known.category(entry.label.split("/", 1)[0])
    assert category is not None
    return [one.label for one in category.entries].index(entry.label)
