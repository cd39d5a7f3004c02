"""What customers and people said to one another while the bot was silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from kefu.storage.engine import reading
from kefu.storage.reply_text import readable
from kefu.storage.tables import messages, trackers

# Beyond this the rest of a message is no context.
_LONGEST = 1000
_MOST = 200
# A message that is unanswered for longer will not be answered while this process lives.
_IN_WORK_SECONDS = 600.0

_answering = messages.alias("answering")
_IS_HELD = (messages.c.author == "customer") & or_(
    messages.c.state == "held",
    and_(
        messages.c.state == "merged",
        exists().where(_answering.c.id == messages.c.turn, _answering.c.state == "held"),
    ),
)
_OF_PEOPLE = messages.c.author.in_(("agent", "system")) & messages.c.kind.not_in(("event", "enter"))
_HELD = (messages.c.conversation == bindparam("conversation")) & or_(_IS_HELD, _OF_PEOPLE)
# What is being looked at now may turn out to be held: what comes after it has to wait.
_IN_WORK = select(func.min(messages.c.id)).where(
    messages.c.conversation == bindparam("conversation"),
    messages.c.author == "customer",
    messages.c.state == "received",
    messages.c.created_at > bindparam("in_work_since"),
)
_SETTLED = messages.c.id < func.coalesce(_IN_WORK.scalar_subquery(), 2**62)
_NEWEST = select(func.max(messages.c.id)).where(_HELD, _SETTLED)
_SINCE = (
    select(messages)
    .where(_HELD, _SETTLED, messages.c.id > bindparam("after"))
    .order_by(messages.c.id.desc())
    .limit(_MOST)
)
_LOOP = select(trackers.c.active_loop).where(trackers.c.sender == bindparam("conversation"))


@dataclass(frozen=True)
class HeldLine:
    """One message: its id, who wrote it (customer, agent, system), its text, UTC seconds."""

    message: int
    author: str
    text: str
    at: float


def newest(conversation: str, now: float) -> int:
    """Return the id of the last message of a time that people held, 0 when there is none."""
    with reading() as connection:
        found = connection.execute(_NEWEST, _asked(conversation, now)).scalar()
    return found or 0


def said_since(conversation: str, after: int, now: float) -> list[HeldLine]:
    """Return what was said while people held, after a message, oldest first; at most 200."""
    with reading() as connection:
        rows = connection.execute(_SINCE, {**_asked(conversation, now), "after": after}).all()
    return [_line(row) for row in reversed(rows)]


def active_loop(conversation: str) -> str | None:
    """Return the form that waits for input, if any."""
    with reading() as connection:
        loop: str | None = connection.execute(_LOOP, {"conversation": conversation}).scalar()
    return loop


def _asked(conversation: str, now: float) -> dict[str, Any]:
    return {"conversation": conversation, "in_work_since": now - _IN_WORK_SECONDS}


def _line(row: Any) -> HeldLine:
    text = readable(row.author, row.kind, row.body)[:_LONGEST]
    return HeldLine(row.id, row.author, text, row.created_at)
