"""What a change of one entry means for others: buttons that follow, phrasings they give away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kefu.knowledge.content import Content
from kefu.knowledge.history import EntryChange
from kefu.knowledge.library import Library
from kefu.normalise import match_key


@dataclass(frozen=True)
class Taken:
    """A phrasing that an entry gives away to another."""

    label: str
    text: str


def others(known: Library, change: EntryChange, taken: Iterable[Taken]) -> tuple[EntryChange, ...]:
    """Return what a change means for other entries: buttons that follow, phrasings that go."""
    found = {other.label: other for other in givers(known, taken)}
    for other in pressers(known, change):
        given = found.get(other.label)
        if given is not None and given.after is not None and other.after is not None:
            other = replace(given, after=replace(given.after, buttons=other.after.buttons))
        found[other.label] = other
    found.pop(change.label, None)
    return tuple(found.values())


def givers(known: Library, taken: Iterable[Taken]) -> tuple[EntryChange, ...]:
    """Return the entries that give phrasings away; what is gone already is left."""
    found: dict[str, EntryChange] = {}
    for one in taken:
        entry = known.entry(one.label)
        if entry is None:
            continue
        before = Content.of(entry)
        now = found[one.label].after if one.label in found else before
        assert now is not None
        rest = tuple(text for text in now.similar if match_key(text) != match_key(one.text))
        after = replace(now, similar=rest)
        found[one.label] = EntryChange(one.label, before, after, place_of(known, one.label))
    return tuple(found.values())


def pressers(known: Library, change: EntryChange) -> tuple[EntryChange, ...]:
    """Return what becomes of buttons that ask a question whose wording changes, or that goes."""
    assert change.before is not None
    old = change.before.question
    new = change.after.question if change.after is not None else None
    if old == new:
        return ()
    found = []
    for label in dict.fromkeys(known.pressers(old)):
        entry = known.entry(label)
        if label != change.label and entry is not None:
            before = Content.of(entry)
            buttons = (new if text == old else text for text in before.buttons)
            after = replace(before, buttons=tuple(text for text in buttons if text is not None))
            found.append(EntryChange(label, before, after, place_of(known, label)))
    return tuple(found)


def place_of(known: Library, label: str) -> int:
    """Return where among the entries of its category an entry stands."""
    category = known.category(label.split("/", 1)[0])
    labels = [entry.label for entry in category.entries] if category else []
    return labels.index(label)
