"""What customers think of the service of people: satisfied of rated, rated of asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kefu.insight.filters import Filters, testers
from kefu.insight.period import Bucket, Period, place
from kefu.insight.share import NOTHING, Share
from kefu.storage.engine import reading
from kefu.storage.tables import handoffs, ratings

# Whoever is asked wrote something not long before.
_TALKED_SECONDS = 86400.0


@dataclass(frozen=True)
class Satisfaction:
    """Satisfied customers of those who rated, and those who rated of those who were asked."""

    satisfied: Share = NOTHING
    rated: Share = NOTHING

    def __add__(self, other: Satisfaction) -> Satisfaction:
        return Satisfaction(self.satisfied + other.satisfied, self.rated + other.rated)


def satisfaction(period: Period, filters: Filters) -> Satisfaction:
    """Return what customers who were asked in the period said, whenever they did."""
    return _by_key(period, filters, lambda _: 0)[0]


def satisfaction_by_time(
    period: Period, filters: Filters, buckets: list[Bucket]
) -> list[Satisfaction]:
    """Return it by when they were asked."""
    found = _by_key(period, filters, lambda row: place(buckets, row.asked_at))
    return [found[number] for number in range(len(buckets))]


def satisfaction_by_channel(period: Period, filters: Filters) -> dict[str, Satisfaction]:
    """Return it for each channel, the accounts of WeChat one by one."""
    return dict(_by_key(period, filters, lambda row: row.channel))


def satisfaction_by_category(period: Period, filters: Filters) -> dict[str | None, Satisfaction]:
    """Return it by the category of the question that the person was called for."""
    return dict(_by_key(period, filters, lambda row: row.category))


def _by_key(
    period: Period, filters: Filters, key: Callable[[Any], Any]
) -> defaultdict[Any, Satisfaction]:
    found: defaultdict[Any, Satisfaction] = defaultdict(Satisfaction)
    with reading() as connection:
        tested = testers(connection, period.start - _TALKED_SECONDS, period.end)
        for row in connection.execute(_asked(period, filters)):
            if row.conversation not in tested:
                found[key(row)] += _of(row.satisfied)
    return found


def _of(satisfied: bool | None) -> Satisfaction:
    if satisfied is None:
        return Satisfaction(rated=Share(0, 1))
    return Satisfaction(Share(int(satisfied), 1), Share(1, 1))


def _asked(period: Period, filters: Filters) -> Any:
    when = (ratings.c.asked_at >= period.start) & (ratings.c.asked_at < period.end)
    columns = (ratings.c.conversation, ratings.c.channel, ratings.c.asked_at, ratings.c.satisfied)
    query = (
        select(*columns, handoffs.c.category)
        .outerjoin(handoffs, handoffs.c.id == ratings.c.handoff)
        .where(when, filters.of_channel(ratings.c.channel))
    )
    if filters.category is not None:
        query = query.where(handoffs.c.category == filters.category)
    return query
