"""What is new at the desk, and what open pages are about."""

from __future__ import annotations

from dataclasses import dataclass, field

from kefu.console.desk_lines import Line


@dataclass(frozen=True)
class Held:
    """Who has a customer; a Handoff without what customers said."""

    id: int
    conversation: str
    state: str
    agent: str | None
    closed_at: float | None


@dataclass(frozen=True)
class NewLine:
    """A line to be shown, rendered: a new one, or one that is not as it was (`again`)."""

    conversation: str
    line: Line
    html: str
    again: bool = False


@dataclass(frozen=True)
class Happened:
    """Something that happened to a handoff, and how the handoff is now."""

    handoff: int
    conversation: str
    kind: str
    actor: str | None
    target: str | None
    state: str
    agent: str | None

    @property
    def logins(self) -> set[str]:
        """Return whom it concerns."""
        return {login for login in (self.actor, self.target, self.agent) if login}


@dataclass
class News:
    """What a look found.

    Attributes:
        lines: What is to be shown.
        happened: What happened to handoffs.
        held: Open handoffs, and those whose page is open, of all conversations with news.
        touched: Conversations with news of any kind.
        unsent: Logins of those who have ended a service with words that were never sent.
    """

    lines: list[NewLine] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Interest:
    """What open pages are about: people by login, and the handoffs shown by conversation."""

    logins: frozenset[str]
    shown: dict[str, frozenset[int]]
