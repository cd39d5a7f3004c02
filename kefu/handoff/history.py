"""What happened to a handoff, in order; written in the transaction that makes it happen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading
from kefu.storage.tables import handoff_events

# Who took the customer over, by whatever way.
TAKINGS = ("assigned", "accepted", "transferred")
# What we note for ourselves: the customer was told how long the wait is, or that it is over.
TOLD = "told"
FAREWELL = "farewell"
# In the place of a login: the customer.
CUSTOMER = "customer"


@dataclass(frozen=True)
class HandoffEvent:
    """One thing that happened.

    Attributes:
        id: Number, rising with time.
        handoff: Number of the handoff.
        at: UTC seconds.
        kind: requested, assigned, accepted, transferred, returned, left, late, done, idle,
            cancelled or rated.
        actor: Login of who did it, or "customer"; None: it happened by itself.
        target: Login of whom it was done to.
        detail: What was written along.
    """

    id: int
    handoff: int
    at: float
    kind: str
    actor: str | None
    target: str | None
    detail: str | None


def note_in(
    connection: Connection,
    handoff: int,
    conversation: str,
    kind: str,
    now: float,
    *,
    actor: str | None = None,
    target: str | None = None,
    detail: str | None = None,
) -> int:
    """Note an event in a transaction of the caller's and return its number."""
    row = {"handoff": handoff, "conversation": conversation, "kind": kind, "at": now}
    who = {"actor": actor, "target": target, "detail": detail}
    made = connection.execute(insert(handoff_events).values(**row, **who))
    number: int = made.inserted_primary_key[0]
    return number


def events_of(conversation: str) -> list[HandoffEvent]:
    """Return what happened to the handoffs of a conversation, oldest first."""
    query = (
        select(handoff_events)
        .where(
            handoff_events.c.conversation == conversation,
            handoff_events.c.kind.not_in((TOLD, FAREWELL)),
        )
        .order_by(handoff_events.c.id)
    )
    with reading() as connection:
        return [
            HandoffEvent(r.id, r.handoff, r.at, r.kind, r.actor, r.target, r.detail)
            for r in connection.execute(query)
        ]


def was_left_in(connection: Connection, handoff: int) -> bool:
    """Tell whether a wait was a ticket before: only a ticket is requested once more."""
    requests = (handoff_events.c.handoff == handoff) & (handoff_events.c.kind == "requested")
    query = select(func.count()).select_from(handoff_events).where(requests)
    return bool(connection.execute(query).scalar_one() > 1)


def last_event(connection: Connection, handoff: int, *kinds: str) -> HandoffEvent | None:
    """Return the last event of these kinds that happened to a handoff."""
    of_kind = (handoff_events.c.handoff == handoff) & handoff_events.c.kind.in_(kinds)
    last = select(func.max(handoff_events.c.id)).where(of_kind).scalar_subquery()
    r = connection.execute(select(handoff_events).where(handoff_events.c.id == last)).first()
    if r is None:
        return None
    return HandoffEvent(r.id, r.handoff, r.at, r.kind, r.actor, r.target, r.detail)
