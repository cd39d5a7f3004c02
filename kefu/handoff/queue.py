"""The customers who wait for a person, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from kefu.handoff.estimate import ahead_of, estimate
from kefu.handoff.records import Handoff, from_row
from kefu.storage.engine import reading
from kefu.storage.tables import handoffs


@dataclass(frozen=True)
class Place:
    """How many customers are served before, and the minutes until a person answers."""

    ahead: int
    minutes: int


def place(handoff: Handoff, now: float) -> Place:
    """Return where a waiting customer stands."""
    ahead = ahead_of(handoff)
    return Place(ahead, estimate(now).minutes(ahead))


def places(queue: list[Handoff], now: float) -> dict[int, Place]:
    """Return where all of a queue stand, by the number of the handoff."""
    expected = estimate(now)
    return {
        handoff.id: Place(ahead, expected.minutes(ahead)) for ahead, handoff in enumerate(queue)
    }


def waiting(now: float) -> list[Handoff]:
    """Return those who wait, the one who has waited longest first."""
    query = (
        select(handoffs)
        .where(handoffs.c.state == "waiting", handoffs.c.requested_at <= now)
        .order_by(handoffs.c.requested_at, handoffs.c.id)
    )
    with reading() as connection:
        return [from_row(row) for row in connection.execute(query)]
