"""How long customers wait for the assistant: receipt to the last reply given to the channel."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import and_, select

from kefu.insight.filters import Filters, bucket_of, turns_of
from kefu.insight.period import Bucket, Period, Step, place
from kefu.insight.rows import no_collecting, streamed
from kefu.insight.share import NOTHING, Share, percentile
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


@dataclass(frozen=True)
class Replies:
    """The replies of a period: seconds by day and channel."""

    days: list[Bucket]
    seconds: dict[tuple[int, str], array[float]]

    @property
    def whole(self) -> ReplyTimes:
        """Return the times of all."""
        return _times(list(self.seconds.values()))

    def by_time(self, buckets: list[Bucket]) -> list[ReplyTimes]:
        """Return the times of each bucket of whole days."""
        found: defaultdict[int | None, list[array[float]]] = defaultdict(list)
        for (day, _), seconds in self.seconds.items():
            found[place(buckets, self.days[day].start)].append(seconds)
        return [_times(found[number]) for number in range(len(buckets))]

    def by_channel(self) -> dict[str, ReplyTimes]:
        """Return the times of each channel, the accounts of WeChat one by one."""
        found: defaultdict[str, list[array[float]]] = defaultdict(list)
        for (_, channel), seconds in self.seconds.items():
            found[channel].append(seconds)
        return {channel: _times(each) for channel, each in found.items()}


def replies(period: Period, filters: Filters) -> Replies:
    """Return the replies of a period."""
    days = period.buckets(Step.DAY)
    keys = bucket_of(turns.c.started_at, days), turns.c.channel
    return Replies(days, _seconds(period, filters, *keys))


def reply_times_by_time(
    period: Period, filters: Filters, buckets: list[Bucket]
) -> list[ReplyTimes]:
    """Return the times of each bucket, which may be hours."""
    found = _seconds(period, filters, bucket_of(turns.c.started_at, buckets))
    return [_times([found.get((number,), array("d"))]) for number in range(len(buckets))]


def _seconds(period: Period, filters: Filters, *keys: Any) -> dict[Any, array[float]]:
    """Return the seconds of all replies by keys."""
    answered = and_(
        turns_of(filters, period.start, period.end),
        filters.of_category(turns.c.label),
        # Who speaks with a person waits for that person.
        turns.c.outcome != "held",
        turns.c.reply_seconds.is_not(None),
    )
    query = select(*keys, turns.c.reply_seconds).where(answered)
    found: defaultdict[Any, array[float]] = defaultdict(lambda: array("d"))
    with reading() as connection, no_collecting():
        # Sorting them here takes less than a window function in the database.
        for *key, seconds in streamed(connection, query):
            found[tuple(key)].append(seconds)
    return dict(found)


def _times(parts: list[array[float]]) -> ReplyTimes:
    ordered = sorted(chain.from_iterable(parts))
    p50, p95, p99 = (percentile(ordered, percent) for percent in PERCENTS)
    return ReplyTimes(p50, p95, p99, Share(bisect_left(ordered, FAST_SECONDS), len(ordered)))
