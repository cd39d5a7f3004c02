"""Where two people changed one entry: what goes together, and what somebody has to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kefu.knowledge.content import FIELDS, Content

# Lists whose items stand for themselves: what both sides add is kept, what one removes goes.
_SETS = frozenset({"similar", "keywords"})


@dataclass(frozen=True)
class FieldConflict:
    """A field that both sides changed, each in another way.

    Attributes:
        field: Key of the field; `title` is its name for people.
        base: As both found it.
        mine, theirs: What either made of it: a text, or a tuple of texts.
    """

    field: str
    base: str | tuple[str, ...]
    mine: str | tuple[str, ...]
    theirs: str | tuple[str, ...]

    @property
    def title(self) -> str:
        """Return what people call the field."""
        return FIELDS[self.field]


@dataclass(frozen=True)
class Merged:
    """What comes of two changes; a field in conflict says what `mine` says.

    `from_theirs` names the fields that the other side alone, or also, has changed.
    """

    content: Content
    conflicts: tuple[FieldConflict, ...]
    from_theirs: tuple[str, ...]


def merge(base: Content, mine: Content, theirs: Content) -> Merged:
    """Join two changes of the same content without losing either."""
    changes: dict[str, Any] = {}
    conflicts: list[FieldConflict] = []
    from_theirs: list[str] = []
    for field in FIELDS:
        old, ours, other = (getattr(side, field) for side in (base, mine, theirs))
        if other in (old, ours):
            continue
        from_theirs.append(field)
        if ours == old:
            changes[field] = other
        elif field in _SETS:
            changes[field] = _joined(old, ours, other)
        else:
            conflicts.append(FieldConflict(field, old, ours, other))
    return Merged(replace(mine, **changes), tuple(conflicts), tuple(from_theirs))


def _joined(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """Return their list with what we removed taken out and what we added put in its place."""
    removed = set(base) - set(mine)
    found = [item for item in theirs if item not in removed]
    known = set(base) | set(theirs)
    for place, item in enumerate(mine):
        if item not in known:
            before = mine[place - 1] if place else None
            found.insert(found.index(before) + 1 if before in found else len(found), item)
            known.add(item)
    return tuple(found)
