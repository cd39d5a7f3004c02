"""The outbox for the helpdesk: what waits, what was taken, what was given up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from kefu.storage.engine import reading, writing
from kefu.storage.tables import helpdesk_events

# 5 s, 10 s … up to an hour: about 24 hours in all.
MOST_ATTEMPTS = 32
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 3600.0
_JITTER = 0.2
_ERROR_LENGTH = 200

_PENDING = helpdesk_events.c.state == "pending"
_HEADS = select(func.min(helpdesk_events.c.id)).where(_PENDING)


@dataclass(frozen=True)
class Waiting:
    """An event on its way to the helpdesk.

    Attributes:
        number: Number of the row.
        event: The id that the helpdesk is told.
        conversation: Events of one conversation keep their order.
        kind: Its type.
        body: JSON.
        attempts: How often it was tried before.
    """

    number: int
    event: str
    conversation: str
    kind: str
    body: str
    attempts: int


@dataclass(frozen=True)
class Dead:
    """An event that was given up, for the operator. Times are UTC seconds."""

    number: int
    kind: str
    handoff: int
    attempts: int
    error: str
    created_at: float
    done_at: float


@dataclass(frozen=True)
class Counts:
    """How many events wait, since when the oldest does, and how many are dead."""

    waiting: int
    oldest: float | None
    failing: int
    dead: int
    last_error: str | None


def due(now: float, limit: int) -> list[str]:
    """Return conversations whose first waiting event is due, the oldest first."""
    query = (
        select(helpdesk_events.c.conversation)
        .where(
            helpdesk_events.c.id.in_(_HEADS.group_by(helpdesk_events.c.conversation)),
            helpdesk_events.c.next_at <= now,
        )
        .order_by(helpdesk_events.c.id)
        .limit(limit)
    )
    with reading() as connection:
        return list(connection.execute(query).scalars())


def head(conversation: str, now: float) -> Waiting | None:
    """Return the first waiting event of a conversation, None when it is not due."""
    query = (
        select(helpdesk_events)
        .where(_PENDING, helpdesk_events.c.conversation == conversation)
        .order_by(helpdesk_events.c.id)
        .limit(1)
    )
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or row.next_at > now:
        return None
    return Waiting(row.id, row.event, row.conversation, row.kind, row.body, row.attempts)


def taken(event: Waiting, now: float) -> None:
    """Note that the helpdesk took an event; what it said is kept no longer than needed."""
    _end(event, {"state": "sent", "body": "", "error": None, "done_at": now})


def put_off(event: Waiting, error: str, now: float, at_least: float = 0.0) -> bool:
    """Note that an event is tried again later; return False when it was given up instead.

    `at_least` is the pause in seconds that the helpdesk asked for.
    """
    if event.attempts + 1 >= MOST_ATTEMPTS:
        bury(event, f"试了 {MOST_ATTEMPTS} 次都没有成功：{error}", now)
        return False
    pause = min(_FIRST_PAUSE * 2.0 ** min(event.attempts, 16), _LONGEST_PAUSE)
    pause *= random.uniform(1 - _JITTER, 1 + _JITTER)
    pause = max(pause, min(at_least, _LONGEST_PAUSE))
    _end(event, {"error": error[:_ERROR_LENGTH], "next_at": now + pause})
    return True


def bury(event: Waiting, error: str, now: float) -> None:
    """Give an event up; a person may put it into the outbox again."""
    _end(event, {"state": "dead", "error": error[:_ERROR_LENGTH], "done_at": now})


def hasten(now: float) -> int:
    """Make everything that waits due now; return how many events had been put off."""
    later = update(helpdesk_events).where(_PENDING, helpdesk_events.c.next_at > now)
    with writing() as connection:
        return int(connection.execute(later.values(next_at=now)).rowcount)


def again(now: float, number: int | None = None) -> int:
    """Put dead events into the outbox again, one or all; return how many."""
    dead = helpdesk_events.c.state == "dead"
    if number is not None:
        dead = dead & (helpdesk_events.c.id == number)
    values = {"state": "pending", "attempts": 0, "next_at": now, "error": None, "done_at": None}
    with writing() as connection:
        return int(connection.execute(update(helpdesk_events).where(dead).values(values)).rowcount)


def dead_events(limit: int) -> list[Dead]:
    """Return what was given up, the newest first."""
    columns = helpdesk_events.c
    query = (
        select(
            columns.id, columns.kind, columns.handoff, columns.attempts, columns.error,
            columns.created_at, columns.done_at,
        )
        .where(columns.state == "dead")
        .order_by(columns.id.desc())
        .limit(limit)
    )  # fmt: skip
    with reading() as connection:
        return [
            Dead(r.id, r.kind, r.handoff, r.attempts, r.error or "", r.created_at, r.done_at or 0.0)
            for r in connection.execute(query)
        ]


def counts() -> Counts:
    """Count what waits and what is dead."""
    columns = helpdesk_events.c
    waiting = select(func.count(), func.min(columns.created_at), func.count(columns.error)).where(
        _PENDING
    )
    dead = select(func.count()).where(columns.state == "dead")
    last = (
        select(columns.error)
        .where(columns.state.in_(("pending", "dead")), columns.error.is_not(None))
        .order_by(columns.id.desc())
        .limit(1)
    )
    with reading() as connection:
        count, oldest, failing = connection.execute(waiting).one()
        return Counts(
            count, oldest, failing, connection.execute(dead).scalar_one(),
            connection.execute(last).scalar(),
        )  # fmt: skip


def _end(event: Waiting, values: dict[str, Any]) -> None:
    mine = _PENDING & (helpdesk_events.c.id == event.number)
    tried = {"attempts": event.attempts + 1, **values}
    with writing() as connection:
        connection.execute(update(helpdesk_events).where(mine).values(tried))
