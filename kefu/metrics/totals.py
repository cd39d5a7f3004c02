"""Counts over all time that cost no more than the last hour: what is older is counted once."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import false, func, select
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading
from kefu.storage.tables import handoffs, ratings, sends, turns

# Upper ends in seconds; 3 is what customers are promised.
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
# A turn is recorded long before it is so old.
_LATE_SECONDS = 3600.0
_STEP_SECONDS = 600.0


@dataclass
class Turns:
    """Turns of one channel and outcome.

    Attributes:
        count: How many.
        timed, seconds: Of how many the reply's time is known, and their sum.
        within: How many replies took at most each of BUCKETS.
    """

    count: int = 0
    timed: int = 0
    seconds: float = 0.0
    within: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))

    def add(self, count: int, timed: int, seconds: float, *within: int) -> None:
        """Add counts."""
        self.count += count
        self.timed += timed
        self.seconds += seconds
        self.within = [mine + more for mine, more in zip(self.within, within, strict=True)]

    def copy(self) -> Turns:
        """Return a copy."""
        return Turns(self.count, self.timed, self.seconds, list(self.within))


Key = tuple[str, str]


class TurnTotals:
    """Turns by channel and outcome, test traffic left out; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled: defaultdict[Key, Turns] = defaultdict(Turns)
        self._until = 0.0

    def read(self, now: float) -> dict[Key, Turns]:
        """Return the totals at this time."""
        with self._lock, reading() as connection:
            if now - _LATE_SECONDS > self._until + _STEP_SECONDS:
                _add(connection, self._settled, self._until, now - _LATE_SECONDS)
                self._until = now - _LATE_SECONDS
            found = defaultdict(Turns, {key: t.copy() for key, t in self._settled.items()})
            _add(connection, found, self._until, None)
            return dict(found)


class Rising:
    """Counts that never go down, although a customer who is erased takes rows along."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, ...], int] = {}

    def of(self, key: tuple[str, ...], count: int) -> int:
        """Return the highest that a count has been."""
        self._highest[key] = max(count, self._highest.get(key, 0))
        return self._highest[key]


def handoffs_by_reason() -> dict[str, int]:
    """Return how often a person was asked for, by reason."""
    return _grouped(select(handoffs.c.reason, func.count()).group_by(handoffs.c.reason))


def open_handoffs() -> dict[str, int]:
    """Return the handoffs that are not over, by state."""
    states = ("waiting", "agent", "left")
    query = select(handoffs.c.state, func.count()).where(handoffs.c.state.in_(states))
    return {**dict.fromkeys(states, 0), **_grouped(query.group_by(handoffs.c.state))}


def dead_letters() -> int:
    """Return how many messages ever became dead letters."""
    query = select(func.count()).where(sends.c.state.in_(("dead", "replaced")))
    with reading() as connection:
        return int(connection.execute(query).scalar_one())


def ratings_by_answer() -> dict[str, int]:
    """Return how many customers were asked for a rating, and what they said."""
    query = select(
        func.count().label("asked"),
        func.count().filter(ratings.c.satisfied.is_(True)).label("satisfied"),
        func.count().filter(ratings.c.satisfied == false()).label("unsatisfied"),
    )
    with reading() as connection:
        return dict(connection.execute(query).one()._mapping)


def _grouped(query: Any) -> dict[str, int]:
    with reading() as connection:
        return {key: int(count) for key, count in connection.execute(query)}


def _add(
    connection: Connection, to: defaultdict[Key, Turns], since: float, until: float | None
) -> None:
    took = turns.c.reply_seconds
    within = [func.count().filter(took <= limit) for limit in BUCKETS]
    counted = select(
        turns.c.channel,
        turns.c.outcome,
        func.count(),
        func.count(took),
        func.coalesce(func.sum(took), 0.0),
        *within,
    )
    when = turns.c.started_at >= since
    if until is not None:
        when &= turns.c.started_at < until
    query = counted.where(when, turns.c.test == false())
    for channel, outcome, *more in connection.execute(
        query.group_by(turns.c.channel, turns.c.outcome)
    ):
        to[channel, outcome].add(*more)
