"""Who may read which conversation, and up to where."""

from __future__ import annotations

from typing import Protocol

from kefu.staff.people import Person

# What is said right after the end, the farewell and the question for a rating, belongs to it.
_AFTER_END_SECONDS = 60.0


class Held(Protocol):
    """What rights depend on; a Handoff has it."""

    @property
    def state(self) -> str:
        """Return waiting, agent, left or closed."""

    @property
    def agent(self) -> str | None:
        """Return the login of the person who has or had the customer."""

    @property
    def closed_at(self) -> float | None:
        """Return when it ended."""


def may_open(person: Person, handoff: Held) -> bool:
    """Tell whether a person may read the conversation of a handoff.

    What nobody has yet is open to all; what somebody has or had, to them alone. Operators
    read everything.
    """
    if person.is_operator or handoff.state in ("waiting", "left"):
        return True
    return handoff.agent == person.login


def holds(person: Person, handoff: Held) -> bool:
    """Tell whether a person has the customer of a handoff now."""
    return handoff.state == "agent" and handoff.agent == person.login


def readable_until(person: Person, handoff: Held) -> float | None:
    """Return up to when (UTC seconds) a person may read the conversation; None for no end.

    What customers say to the bot after a handoff is not for the agent who once had them.
    """
    if person.is_operator or handoff.closed_at is None:
        return None
    return handoff.closed_at + _AFTER_END_SECONDS
