"""Why a change of the knowledge base was not made; each carries what helps to make it."""

from __future__ import annotations

from collections.abc import Sequence

from kefu.errors import KefuError
from kefu.knowledge.conflicts import FieldConflict
from kefu.knowledge.content import Content
from kefu.knowledge.live_checks import FieldProblem


class EditError(KefuError):
    """Base of the errors of editing; nothing was written."""


class EntryGone(EditError):
    """Raised when an entry was removed or moved, in git or by another person."""

    def __init__(self, label: str) -> None:
        self.label = label
        super().__init__(f"条目「{label}」已不在知识库里：可能被别人删除或移动了，请刷新后再看")


class EntryRefused(EditError):
    """Raised when an entry has mistakes that it must not be saved with."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("；".join(problem.text for problem in problems))


class EntryConflict(EditError):
    """Raised when another person changed the same fields meanwhile.

    Attributes:
        label: Of the entry.
        fields: What both changed, with all three texts.
        theirs: What the entry says now; whoever has chosen saves on top of this.
        merged: All that goes together; a field in conflict says what was to be saved.
    """

    def __init__(
        self, label: str, fields: Sequence[FieldConflict], theirs: Content, merged: Content
    ) -> None:
        self.label = label
        self.fields = tuple(fields)
        self.theirs = theirs
        self.merged = merged
        names = "、".join(conflict.title for conflict in fields)
        super().__init__(f"这个条目刚刚被别人改过（{names}），没有保存：请对照两边，选好后再保存")


class UndoRefused(EditError):
    """Raised when a change cannot be taken back; the text says why."""
