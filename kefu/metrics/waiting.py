"""The customers who wait for a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from kefu.storage.engine import reading
from kefu.storage.tables import handoffs


@dataclass(frozen=True)
class Waiting:
    """How many wait, and how long the first of them has, in seconds."""

    count: int = 0
    longest: float = 0.0


def waiting(now: float) -> Waiting:
    """Return who waits now."""
    query = select(func.count(), func.min(handoffs.c.requested_at)).where(
        handoffs.c.state == "waiting"
    )
    with reading() as connection:
        count, oldest = connection.execute(query).one()
    return Waiting(count, max(0.0, now - oldest)) if count else Waiting()
