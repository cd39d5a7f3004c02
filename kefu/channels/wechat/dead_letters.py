"""Messages that did not reach their customer: what people see of them, and trying again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from kefu.channels.wechat.outbox import new_row
from kefu.storage.engine import reading, writing
from kefu.storage.tables import sends

_COPIED = ("conversation", "channel", "message", "turn", "author", "body", "options")


@dataclass(frozen=True)
class DeadLetter:
    """A message that did not reach the customer, and why; times in UTC seconds."""

    id: int
    conversation: str
    channel: str
    author: str
    message: int
    error: str
    error_code: int | None
    attempts: int
    created_at: float
    done_at: float | None


def dead_letters(limit: int = 50) -> list[DeadLetter]:
    """Return the newest dead letters, newest first."""
    columns = [sends.c[name] for name in DeadLetter.__dataclass_fields__]
    query = select(*columns).where(sends.c.state == "dead").order_by(sends.c.id.desc())
    with reading() as connection:
        return [DeadLetter(*row) for row in connection.execute(query.limit(limit))]


def send_again(number: int, now: float) -> bool:
    """Put a dead letter back into the outbox, last in its line; tell whether there was one.

    For people who have made sure that the customer does not have it.
    """
    mine = sends.c.id == number
    dead = update(sends).where(mine, sends.c.state == "dead")
    with writing() as connection:
        # First of all, so that of two who do this at once only one finds it dead.
        if not connection.execute(dead.values(state="replaced", done_at=now)).rowcount:
            return False
        row = connection.execute(select(sends).where(mine)).one()
        fields = {key: row._mapping[key] for key in _COPIED}
        connection.execute(insert(sends).values(new_row(fields, now)))
    return True
