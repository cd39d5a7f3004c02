"""How long customers wait for the assistant: receipt to the last reply given to the channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, literal, select

from kefu.insight.filters import Filters, bucket_of, turns_of
from kefu.insight.period import Bucket, Period
from kefu.insight.share import NOTHING, Share
from kefu.storage.engine import reading
from kefu.storage.tables import turns

FAST_SECONDS = 3.0
PERCENTS = (50, 95, 99)


@dataclass(frozen=True)
class ReplyTimes:
    """Times of replies in seconds, None where there was no reply; `fast`: in less than 3 s."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    fast: Share = NOTHING


def reply_times(period: Period, filters: Filters) -> ReplyTimes:
    """Return the times of the period."""
    return _by_key(period, filters, literal(0)).get(0, ReplyTimes())


def reply_times_by_time(
    period: Period, filters: Filters, buckets: list[Bucket]
) -> list[ReplyTimes]:
    """Return the times of each bucket."""
    found = _by_key(period, filters, bucket_of(turns.c.started_at, buckets))
    return [found.get(number, ReplyTimes()) for number in range(len(buckets))]


def reply_times_by_channel(period: Period, filters: Filters) -> dict[str, ReplyTimes]:
    """Return the times of each channel, the accounts of WeChat one by one."""
    return _by_key(period, filters, turns.c.channel)


def _by_key(period: Period, filters: Filters, key: Any) -> dict[Any, ReplyTimes]:
    answered = and_(
        turns_of(filters, period.start, period.end),
        filters.of_category(turns.c.label),
        # Who speaks with a person waits for that person.
        turns.c.outcome != "held",
        turns.c.reply_seconds.is_not(None),
    )
    with reading() as connection:
        marks = {(row.key, row.place): row for row in connection.execute(_marks(key, answered))}
        counts = connection.execute(_counts(key, answered)).all()
    return {row.key: _times(row, marks) for row in counts}


def _times(row: Any, marks: dict[tuple[Any, int], Any]) -> ReplyTimes:
    p50, p95, p99 = (
        float(marks[row.key, _rank(row.times, percent)].seconds) for percent in PERCENTS
    )
    return ReplyTimes(p50, p95, p99, Share(row.fast, row.times))


def _rank(count: Any, percent: int) -> Any:
    """Return the nearest rank; as an expression, integers of both databases divide alike."""
    return (count * percent + 99) // 100


def _counts(key: Any, answered: Any) -> Any:
    fast = func.count().filter(turns.c.reply_seconds < FAST_SECONDS)
    counted = select(key.label("key"), func.count().label("times"), fast.label("fast"))
    return counted.where(answered).group_by("key")


def _marks(key: Any, answered: Any) -> Any:
    """Return the query for the rows that are at the percentiles."""
    each = select(key.label("key"), turns.c.reply_seconds.label("seconds")).where(answered)
    given = each.subquery("given")
    of_key = {"partition_by": given.c.key}
    place = func.row_number().over(order_by=given.c.seconds, **of_key)
    placed = select(
        given.c.key,
        given.c.seconds,
        place.label("place"),
        func.count().over(**of_key).label("times"),
    ).subquery("placed")
    # In SQLAlchemy 1.4 `//` is not an operator of columns, and `/` is that of the database.
    ranks = [(placed.c.times * percent + 99) / 100 for percent in PERCENTS]
    return select(placed).where(placed.c.place.in_(ranks))
