"""What became of customers' messages lately: answered, failed, not looked at, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from kefu.insight.filters import EVERYTHING, turns_of
from kefu.insight.share import rank
from kefu.storage.engine import reading
from kefu.storage.tables import messages, turns

# What an answer may take at most, and then some.
UNANSWERED_SECONDS = 30.0
_UNANSWERED_LOOK_SECONDS = 86400.0
_PERCENT = 95
# Who speaks with a person waits for that person, and a greeting is no answer.
_NOT_ANSWERED = ("held", "welcome")


@dataclass(frozen=True)
class Replies:
    """Replies of some time.

    Attributes:
        turns: How many messages were to be answered.
        failed: For how many the assistant had no answer, so that an apology went out.
        timed: For how many the time is known.
        p95: What 95 % of the replies did not take longer than, in seconds.
    """

    turns: int = 0
    failed: int = 0
    timed: int = 0
    p95: float | None = None


def replies(since: float, until: float) -> Replies:
    """Return what became of the turns that began in that time, test traffic left out."""
    ours = and_(turns_of(EVERYTHING, since, until), turns.c.outcome.not_in(_NOT_ANSWERED))
    took = turns.c.reply_seconds
    counted = select(
        func.count(),
        func.count().filter(turns.c.outcome == "failed"),
        func.count(took),
    ).where(ours)
    with reading() as connection:
        said, failed, timed = connection.execute(counted).one()
        p95 = None
        if timed:
            ordered: Any = select(took).where(ours, took.is_not(None)).order_by(took)
            p95 = connection.execute(ordered.offset(rank(timed, _PERCENT) - 1).limit(1)).scalar()
    return Replies(said, failed, timed, p95)


def unanswered(now: float) -> int:
    """Return how many messages of a day wait for the assistant longer than an answer takes."""
    when = messages.c.created_at.between(now - _UNANSWERED_LOOK_SECONDS, now - UNANSWERED_SECONDS)
    query = select(func.count()).where(messages.c.state == "received", when)
    with reading() as connection:
        return int(connection.execute(query).scalar_one())
