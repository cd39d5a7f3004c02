"""What the history tells of an entry that somebody wants to open: where it went, what it said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kefu.console.knowledge_history_view import changes_of
from kefu.environment import environment
from kefu.knowledge.conflicts import merge
from kefu.knowledge.content import Content
from kefu.knowledge.history import Change


def moved_to(home: Path, label: str) -> str:
    """Return where the history says that an entry is now, however often it was moved."""
    for change in reversed(changes_of(home)):
        gone = any(entry.label == label and entry.after is None for entry in change.entries)
        came = [entry.label for entry in change.entries if entry.before is None]
        if gone and len(came) == 1 and change.kind in ("move", "undo"):
            label = came[0]
    return label


def as_it_was(base: Content, label: str, change: str, changes: Sequence[Change]) -> Content:
    """Return an entry without a change, whatever was changed since stays where it can."""
    for one in changes:
        for entry in one.entries if one.id == change else ():
            if entry.label == label and entry.before and entry.after:
                return merge(entry.after, entry.before, base).content
    return base


def removed_by(change: str) -> tuple[str, Content] | None:
    """Return an entry as it was before a change removed it."""
    for one in changes_of(environment().home) if change else ():
        for entry in one.entries if one.id == change else ():
            if entry.before is not None and entry.after is None:
                return entry.label, entry.before
    return None
