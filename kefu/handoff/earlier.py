"""The handoffs that one customer has had, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from kefu.handoff.records import Handoff, from_row
from kefu.storage.engine import reading
from kefu.storage.tables import handoffs, ratings


@dataclass(frozen=True)
class Served:
    """A handoff, and whether the customer was satisfied; None where nothing was said of it."""

    handoff: Handoff
    satisfied: bool | None


def handoffs_of(conversation: str, limit: int = 100) -> list[Handoff]:
    """Return the handoffs of a conversation, the newest first."""
    mine = handoffs.c.conversation == conversation
    query = select(handoffs).where(mine).order_by(handoffs.c.id.desc()).limit(limit)
    with reading() as connection:
        return [from_row(row) for row in connection.execute(query)]


def before(handoff: Handoff, limit: int = 10) -> list[Served]:
    """Return the customer's handoffs before this one with their ratings, the newest first."""
    found = [other for other in handoffs_of(handoff.conversation) if other.id < handoff.id][:limit]
    query = select(ratings.c.handoff, ratings.c.satisfied).where(
        ratings.c.handoff.in_([other.id for other in found])
    )
    with reading() as connection:
        satisfied = {row.handoff: row.satisfied for row in connection.execute(query)}
    return [Served(other, satisfied.get(other.id)) for other in found]
