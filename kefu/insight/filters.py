"""Which turns count: those of customers, of a period, of a channel or an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.engine import Connection

from kefu.insight.period import Bucket
from kefu.storage.engine import engine, reading
from kefu.storage.tables import conversations, turns


@dataclass(frozen=True)
class Filters:
    """What is looked at.

    Attributes:
        channel: `rest`, `wechat` (all of its accounts) or one account, `wechat:<account>`;
            None for all.
        category: Knowledge category; None for all.
    """

    channel: str | None = None
    category: str | None = None

    def of_channel(self, column: Column[Any]) -> Any:
        """Return the condition on a column that holds a channel."""
        if self.channel is None:
            return literal(True)
        return or_(column == self.channel, column.startswith(f"{self.channel}:", autoescape=True))

    def of_category(self, label: Any) -> Any:
        """Return the condition on a column that holds a label."""
        if self.category is None:
            return literal(True)
        return label.startswith(f"{self.category}/", autoescape=True)


EVERYTHING = Filters()


def turns_of(filters: Filters, since: float, until: float) -> Any:
    """Return the condition for customers' turns from `since` to before `until`, UTC seconds."""
    when = (turns.c.started_at >= since) & (turns.c.started_at < until)
    return and_(when, turns.c.test == false(), filters.of_channel(turns.c.channel))


def channels() -> list[str]:
    """Return every channel that customers came by, the accounts of WeChat one by one."""
    query = select(conversations.c.channel).distinct().order_by(conversations.c.channel)
    with reading() as connection:
        return list(connection.execute(query).scalars())


def bucket_of(at: Any, buckets: list[Bucket]) -> Any:
    """Return the expression for the number of the bucket that a time inside them is in."""
    width = buckets[0].end - buckets[0].start
    if all(b.end - b.start == width for b in buckets):
        return _whole((at - buckets[0].start) / width)
    return case(*((at < b.end, number) for number, b in enumerate(buckets[:-1])),
                else_=len(buckets) - 1)  # fmt: skip


def testers(connection: Connection, since: float, until: float) -> set[str]:
    """Return the conversations whose turns in that time were all tests."""
    when = (turns.c.started_at >= since) & (turns.c.started_at < until)
    never_real = func.min(case((turns.c.test == false(), 0), else_=1)) == 1
    query = select(turns.c.conversation).where(when).group_by(turns.c.conversation)
    return set(connection.execute(query.having(never_real)).scalars())


def _whole(number: Any) -> Any:
    # SQLite cuts where PostgreSQL rounds, and may have been built without floor().
    if engine().dialect.name == "sqlite":
        return cast(number, Integer)
    return cast(func.floor(number), Integer)
