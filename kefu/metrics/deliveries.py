"""What is on its way to WeChat, and what did not arrive."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from kefu.storage.engine import reading
from kefu.storage.tables import sends

_ON_ITS_WAY = ("pending", "sending")


@dataclass(frozen=True)
class Deliveries:
    """What waits to be sent, for how many seconds the oldest does, and what failed lately."""

    waiting: int = 0
    longest: float = 0.0
    dead: int = 0


def deliveries(since: float, now: float) -> Deliveries:
    """Return what is in the outbox, and how many became dead letters since then."""
    moving = select(func.count(), func.min(sends.c.created_at)).where(
        sends.c.state.in_(_ON_ITS_WAY)
    )
    dead = select(func.count()).where(sends.c.state == "dead", sends.c.done_at >= since)
    with reading() as connection:
        waiting, oldest = connection.execute(moving).one()
        failed = connection.execute(dead).scalar_one()
    return Deliveries(waiting, max(0.0, now - oldest) if waiting else 0.0, failed)
