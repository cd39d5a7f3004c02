"""How long a customer will wait for a person, from how long others waited."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median

from sqlalchemy import case, func, select

from kefu.handoff.hours import schedule
from kefu.handoff.records import Handoff
from kefu.settings import settings
from kefu.staff import people
from kefu.storage.engine import reading
from kefu.storage.tables import handoffs

_LAST = 20
_DAYS = 7
_MOST = 60
# Numbers rise with time, so the last answers are among the last requests.
_NEWEST = (
    select(handoffs.c.requested_at, handoffs.c.first_reply_at, handoffs.c.accepted_at)
    .order_by(handoffs.c.id.desc())
    .limit(300)
)


@dataclass(frozen=True)
class Estimate:
    """What the minutes come from.

    Attributes:
        usual: The usual wait, in minutes.
        agents: How many agents serve.
        longest: How many minutes somebody has waited by now, in vain.
    """

    usual: float
    agents: int
    longest: float = 0.0

    def minutes(self, ahead: int) -> int:
        """Return the minutes until a person answers, 1 to 60.

        The usual wait, times one plus the share of those ahead that falls to each agent. On
        a day on which nobody answers as usual it is not less than what others have waited.
        """
        expected = ceil(self.usual * (1 + ahead / self.agents))
        return min(_MOST, max(1, expected, int(self.longest)))


def estimate(now: float) -> Estimate:
    """Return what waits are like at present.

    The usual one is the median time to the first words of a person, of the last 20
    customers of the last 7 days. Tickets from outside the service hours do not count.
    """
    waits = _waits(now)
    usual = median(waits) / 60 if waits else float(settings().handoff.default_wait_minutes)
    return Estimate(usual, _agents(now), _longest(now))


def waiting_minutes(handoff: Handoff, now: float) -> int:
    """Estimate the minutes until a person answers a waiting customer, 1 to 60."""
    return estimate(now).minutes(ahead_of(handoff))


def ahead_of(handoff: Handoff) -> int:
    """Return how many customers are served before a waiting one."""
    before = (handoffs.c.requested_at < handoff.requested_at) | (
        (handoffs.c.requested_at == handoff.requested_at) & (handoffs.c.id < handoff.id)
    )
    query = select(func.count()).where(handoffs.c.state == "waiting", before)
    with reading() as connection:
        ahead: int = connection.execute(query).scalar_one()
    return ahead


def _waits(now: float) -> list[float]:
    """Return the last waits, seconds.

    Where people answer elsewhere we do not see their words, only that they took a customer.
    """
    with reading() as connection:
        rows = connection.execute(_NEWEST).all()
    hours = schedule()
    counted = [row for row in rows if hours.is_open(row.requested_at)]
    for answered in ("first_reply_at", "accepted_at"):
        known = [(getattr(row, answered) or 0.0, row.requested_at) for row in counted]
        recent = sorted(pair for pair in known if pair[0] > now - _DAYS * 86400)
        if recent:
            return [at - since for at, since in recent[-_LAST:]]
    return []


def _longest(now: float) -> float:
    """Return for how many minutes somebody who waits has had no word of a person."""
    unheard = handoffs.c.first_reply_at.is_(None)
    since = case((unheard, handoffs.c.requested_at), else_=handoffs.c.active_at)
    query = select(func.min(since)).where(handoffs.c.state == "waiting")
    with reading() as connection:
        first = connection.execute(query).scalar()
    return 0.0 if first is None else max(0.0, now - first) / 60


def _agents(now: float) -> int:
    """Return how many people serve customers now, at least one.

    Where nobody uses the console it is those who have a customer.
    """
    at_work = sum(people.at_work(person, now) for person in people.everybody())
    if at_work:
        return at_work
    query = select(func.count(handoffs.c.agent.distinct())).where(handoffs.c.state == "agent")
    with reading() as connection:
        return max(1, int(connection.execute(query).scalar_one()))
