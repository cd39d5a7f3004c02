"""Reviewed accuracy: answers marked right of those that a person has reviewed.

An answer counts for the day on which it was given, whenever it was reviewed. What the
reviewer could not tell is left out.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import func, literal, select

from kefu.insight.filters import Filters, bucket_of, turns_of
from kefu.insight.period import Bucket, Period
from kefu.insight.share import NOTHING, Share
from kefu.storage.engine import reading
from kefu.storage.tables import reviews, turns

Verdict = Literal["right", "wrong", "should_be", "no_answer", "unclear"]
RIGHT: Verdict = "right"
UNCLEAR: Verdict = "unclear"


def reviewed(period: Period, filters: Filters) -> Share:
    """Return the answers that were right of those that were reviewed."""
    return _counted(period, filters, literal(0)).get(0, NOTHING)


def reviewed_by_time(period: Period, filters: Filters, buckets: list[Bucket]) -> list[Share]:
    """Return it for each bucket."""
    found = _counted(period, filters, bucket_of(turns.c.started_at, buckets))
    return [found.get(number, NOTHING) for number in range(len(buckets))]


def _counted(period: Period, filters: Filters, key: Any) -> dict[int, Share]:
    """Return for each key how many answers were right of those reviewed."""
    were_right = func.count().filter(reviews.c.verdict == RIGHT)
    query = (
        select(key.label("key"), were_right, func.count())
        .select_from(reviews.join(turns, turns.c.id == reviews.c.turn))
        .where(turns_of(filters, period.start, period.end), reviews.c.verdict != UNCLEAR)
        .where(filters.of_category(reviews.c.label))
        .group_by("key")
    )
    with reading() as connection:
        return {k: Share(right, count) for k, right, count in connection.execute(query)}
