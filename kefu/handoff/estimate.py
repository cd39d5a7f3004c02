"""How long a customer will wait for a person, from how long others waited."""

from __future__ import annotations

from math import ceil
from statistics import median

from sqlalchemy import func, select

from kefu.handoff.holder import Handoff
from kefu.handoff.hours import schedule
from kefu.settings import settings
from kefu.storage.engine import reading
from kefu.storage.tables import handoffs

_LAST = 20
_DAYS = 7
_MOST = 60


def waiting_minutes(handoff: Handoff, now: float) -> int:
    """Estimate the minutes until a person answers, 1 to 60.

    The median wait of the last 20 customers of the last 7 days, times one plus the
    share of customers ahead that falls to each agent at work. Tickets from outside
    the service hours do not count.
    """
    recent = _recent_waits(now)
    usual = median(recent) / 60 if recent else float(settings().handoff.default_wait_minutes)
    return min(_MOST, max(1, ceil(usual * (1 + _ahead(handoff) / _agents()))))


def _recent_waits(now: float) -> list[float]:
    query = (
        select(handoffs.c.requested_at, handoffs.c.accepted_at)
        .where(handoffs.c.accepted_at > now - _DAYS * 86400)
        .order_by(handoffs.c.accepted_at.desc())
        .limit(_LAST * 5)
    )
    hours = schedule()
    with reading() as connection:
        rows = connection.execute(query).all()
    waits = [r.accepted_at - r.requested_at for r in rows if hours.is_open(r.requested_at)]
    return waits[:_LAST]


def _ahead(handoff: Handoff) -> int:
    before = (handoffs.c.requested_at < handoff.requested_at) | (
        (handoffs.c.requested_at == handoff.requested_at) & (handoffs.c.id < handoff.id)
    )
    query = select(func.count()).where(handoffs.c.state == "waiting", before)
    with reading() as connection:
        ahead: int = connection.execute(query).scalar_one()
    return ahead


def _agents() -> int:
    """Return how many agents are serving customers now, at least one."""
    query = select(func.count(handoffs.c.agent.distinct())).where(handoffs.c.state == "agent")
    with reading() as connection:
        agents: int = connection.execute(query).scalar_one()
    return max(1, agents)
