"""What the lists of the desk need to know of the messages of handoffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from kefu.storage.reply_text import readable
from kefu.storage.tables import handoffs, messages, sends

# Events of a channel are no words.
SPOKEN = messages.c.kind.not_in(("event", "enter"))


def texts(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return what is readable of messages, by id."""
    if not ids:
        return {}
    query = select(messages.c.id, messages.c.author, messages.c.kind, messages.c.body)
    rows = connection.execute(query.where(messages.c.id.in_(ids)))
    return {row.id: readable(row.author, row.kind, row.body) for row in rows}


def customers_last_words(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return what customers said last since they asked for a person, by handoff."""
    last = (
        select(handoffs.c.id, func.max(messages.c.id).label("last"))
        .select_from(
            handoffs.join(
                messages,
                (messages.c.conversation == handoffs.c.conversation)
                & (messages.c.created_at >= handoffs.c.requested_at),
            )
        )
        .where(handoffs.c.id.in_(list(numbers)), messages.c.author == "customer", SPOKEN)
        .group_by(handoffs.c.id)
    )
    found = {row.id: row.last for row in connection.execute(last)}
    said = texts(connection, list(found.values()))
    return {number: said[message] for number, message in found.items() if message in said}


def undelivered(connection: Connection, numbers: Iterable[int]) -> set[int]:
    """Return the handoffs of which some word of an agent's never reached the customer."""
    at: Any = messages.c.created_at
    within = (at >= handoffs.c.requested_at) & (at <= handoffs.c.closed_at)
    query = (
        select(handoffs.c.id)
        .distinct()
        .select_from(
            handoffs.join(
                messages, (messages.c.conversation == handoffs.c.conversation) & within
            ).join(
                sends,
                (sends.c.conversation == messages.c.conversation)
                & (sends.c.message == messages.c.id),
            )
        )
        .where(
            handoffs.c.id.in_(list(numbers)), messages.c.author == "agent", sends.c.state == "dead"
        )
    )
    return set(connection.execute(query).scalars())
