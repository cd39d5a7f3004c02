"""Handoffs as the database has them, and how one is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from kefu.errors import KefuError
from kefu.storage.tables import handoffs


class HandoffError(KefuError):
    """Raised when a handoff cannot do what it is asked; the text is for the agent."""


@dataclass(frozen=True)
class Handoff:
    """A request for a person. Times are UTC seconds since 1970.

    Attributes:
        id: Number that agents use.
        conversation: Conversation id.
        state: waiting, agent, left (a message for later) or closed.
        reason: Why a person was brought in: keyword, unrecognised, repeat, button,
            failed_turn, complaint, form or left_message.
        question: What the customer asked last.
        category: Knowledge category of the question.
        agent: Who has it or had it last: a login, or a name from outside.
        requested_at: Since when the customer has been waiting.
        accepted_at: When a person took it first. One that is put back before anybody said
            a word counts as not taken.
        active_at: Last sign of life of the agent; while it waits, since when.
        closed_at: When it ended.
        close_reason: done, idle or cancelled.
        first_reply_at: When a person said something first.
        updates_told: How often the waiting customer was told unasked where the request stands.
        told_at: When the customer was told so last.
        late_told_at: When the customer was told that it takes too long.
        seen_message: The last of the customer's messages that an agent has seen.
        announce: This very request changed something that the customer should be told.
    """

    id: int
    conversation: str
    state: str
    reason: str
    question: str | None
    category: str | None
    agent: str | None
    requested_at: float
    accepted_at: float | None
    active_at: float
    closed_at: float | None
    close_reason: str | None
    first_reply_at: float | None = None
    updates_told: int = 0
    told_at: float | None = None
    late_told_at: float | None = None
    seen_message: int = 0
    announce: bool = False

    @property
    def waits_since(self) -> float:
        """Return since when the customer has had no word of a person."""
        return self.requested_at if self.first_reply_at is None else self.active_at


def from_row(row: Any, announce: bool = False) -> Handoff:
    """Return what a row of the table says."""
    fields = {name: value for name, value in row._mapping.items() if name != "open_key"}
    return Handoff(**fields, announce=announce)


def open_in(connection: Connection, conversation: str, for_change: bool = False) -> Handoff | None:
    """Return the open handoff of a conversation, None when there is none.

    `for_change` keeps it as it is until the transaction ends.
    """
    query = select(handoffs).where(handoffs.c.open_key == conversation)
    row = connection.execute(query.with_for_update() if for_change else query).first()
    return None if row is None else from_row(row)


def get_in(connection: Connection, number: int, for_change: bool = False) -> Handoff:
    """Return one handoff, kept as it is until the transaction ends where it is for a change.

    Raises:
        HandoffError: There is none of that number.
    """
    query = select(handoffs).where(handoffs.c.id == number)
    row = connection.execute(query.with_for_update() if for_change else query).first()
    if row is None:
        raise HandoffError(f"没有编号为 {number} 的转接，请用 kefu handoff list 查看")
    return from_row(row)


def is_closed(number: int) -> HandoffError:
    """Return the error that says that a handoff has ended."""
    return HandoffError(f"编号 {number} 的转接已结束，顾客再次转人工时会有新的编号")
