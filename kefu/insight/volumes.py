"""How much is written, by how many customers, and at what hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, distinct, func, literal, select

from kefu.insight.filters import Filters, bucket_of, turns_of
from kefu.insight.period import Bucket, Period
from kefu.storage.engine import reading
from kefu.storage.erasure import ERASED
from kefu.storage.tables import turns

HOURS = 24
_QUARTER = 900.0


@dataclass(frozen=True)
class Volume:
    """How many messages customers wrote, and how many customers that were.

    Those who were erased are counted with their messages but not as customers: nothing says
    any more how many they were.
    """

    messages: int = 0
    customers: int = 0


def volume(period: Period, filters: Filters) -> Volume:
    """Return messages and customers of the period."""
    return _by_key(period, filters, literal(0)).get(0, Volume())


def volume_by_time(period: Period, filters: Filters, buckets: list[Bucket]) -> list[Volume]:
    """Return messages and customers of each bucket."""
    found = _by_key(period, filters, bucket_of(turns.c.started_at, buckets))
    return [found.get(number, Volume()) for number in range(len(buckets))]


def volume_by_channel(period: Period, filters: Filters) -> dict[str, Volume]:
    """Return messages and customers of each channel, the accounts of WeChat one by one."""
    return _by_key(period, filters, turns.c.channel)


def messages_by_hour(period: Period, filters: Filters) -> list[int]:
    """Return the messages of each of the 24 hours of the day, summed over all days."""
    # Whatever the zone, its clock differs from UTC by whole quarters of an hour.
    quarters = [Bucket(period.start, period.start + _QUARTER, "")]
    found = _by_key(period, filters, bucket_of(turns.c.started_at, quarters), distinct_too=False)
    hours = [0] * HOURS
    for number, counted in found.items():
        at = period.start + number * _QUARTER
        hours[datetime.fromtimestamp(at, period.zone).hour] += counted.messages
    return hours


def _by_key(
    period: Period, filters: Filters, key: Any, distinct_too: bool = True
) -> dict[Any, Volume]:
    said = and_(
        turns_of(filters, period.start, period.end),
        filters.of_category(turns.c.label),
        turns.c.outcome != "welcome",
    )
    who = func.count(distinct(turns.c.conversation)).filter(turns.c.conversation != ERASED)
    query = select(
        key.label("key"), func.sum(turns.c.messages), who if distinct_too else literal(0)
    )
    with reading() as connection:
        rows = connection.execute(query.where(said).group_by("key")).all()
    return {key: Volume(int(messages), customers) for key, messages, customers in rows}
