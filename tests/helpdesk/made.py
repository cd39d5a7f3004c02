"""Customers who ask for a person and go on writing."""

from __future__ import annotations

from sqlalchemy import select

from kefu.handoff import holder
from kefu.handoff.records import Handoff
from kefu.storage import conversations, messages
from kefu.storage.engine import reading
from kefu.storage.tables import helpdesk_events
from tests.handoff.moments import NIGHT, NOON

__all__ = ["NIGHT", "NOON", "OPENID", "asks", "customer", "outbox_kinds", "writes"]

OPENID = "o_someone_0001"


def customer(openid: str = OPENID, channel: str = "rest", now: float = NOON) -> str:
    """Return the conversation of a customer."""
    return conversations.remember(channel, openid, now)


def writes(conversation: str, text: str, now: float = NOON, kind: str = "text") -> int:
    """Record a message of the customer's."""
    return messages.record(conversation, "customer", kind, text, None, now).id


def asks(conversation: str, now: float = NOON) -> Handoff:
    """Ask for a person."""
    return holder.request(conversation, "keyword", "怎么还没发货", "logistics", now)


def outbox_kinds(state: str = "pending") -> list[str]:
    """Return the types of the events in the outbox, oldest first."""
    query = select(helpdesk_events.c.kind).where(helpdesk_events.c.state == state)
    with reading() as connection:
        return list(connection.execute(query.order_by(helpdesk_events.c.id)).scalars())
