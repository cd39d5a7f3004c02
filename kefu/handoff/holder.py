"""Who speaks with a customer: the bot, nobody yet, or a person.

bot ──request──> waiting ──accept──> agent ──close / idle──> bot
            └──> left (outside service hours, or nobody came): the bot goes on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import case, select, update
from sqlalchemy.engine import Connection

from kefu.errors import KefuError
from kefu.handoff.hours import schedule
from kefu.settings import settings
from kefu.storage import messages
from kefu.storage.engine import reading, writing
from kefu.storage.tables import handoffs
from kefu.storage.upsert import insert_or_ignore

Holder = Literal["bot", "waiting", "agent"]

_ORDER = case({"waiting": 0, "agent": 1}, value=handoffs.c.state, else_=2)


class HandoffError(KefuError):
    """Raised when a handoff cannot do what it is asked; the text is for the agent."""


@dataclass(frozen=True)
class Handoff:
    """A request for a person. Times are UTC seconds since 1970.

    Attributes:
        id: Number that agents use.
        conversation: Conversation id.
        state: waiting, agent, left (a message for later) or closed.
        reason: Why a person was brought in: keyword, unrecognised, repeat, button,
            failed_turn, complaint, form or left_message.
        question: What the customer asked last.
        category: Knowledge category of the question.
        agent: Who accepted it.
        requested_at: Since when the customer has been waiting.
        accepted_at: When the agent accepted it.
        active_at: Last sign of life of the agent; the request before there is one.
        closed_at: When it ended.
        close_reason: done, idle or cancelled.
        first_reply_at: When a person said something first.
        updates_told: How often the waiting customer was told where the request stands.
        told_at: When the customer was told so last.
        late_told_at: When the customer was told that it takes too long.
        seen_message: The last of the customer's messages that an agent has seen.
        announce: This very request changed something that the customer should be told.
    """

    id: int
    conversation: str
    state: str
    reason: str
    question: str | None
    category: str | None
    agent: str | None
    requested_at: float
    accepted_at: float | None
    active_at: float
    closed_at: float | None
    close_reason: str | None
    first_reply_at: float | None = None
    updates_told: int = 0
    told_at: float | None = None
    late_told_at: float | None = None
    seen_message: int = 0
    announce: bool = False


def request(
    conversation: str, reason: str, question: str | None, category: str | None, now: float
) -> Handoff:
    """Bring a person in, at most once at a time.

    Inside service hours the customer waits for a person; outside, a ticket is left and
    the bot goes on. While one is open it is returned as it is, but a ticket from outside
    the hours turns into a wait when it is asked for again inside them.
    """
    state = "waiting" if schedule().is_open(now) else "left"
    wanted = {"reason": reason, "question": question, "category": category}
    times = {"requested_at": now, "active_at": now}
    who_holds(conversation, now)
    with writing() as connection:
        made = insert_or_ignore(
            connection,
            handoffs,
            on=("open_key",),
            conversation=conversation,
            open_key=conversation,
            state=state,
            **wanted,
            **times,
        )
        if made is None and state == "waiting":
            left = (handoffs.c.open_key == conversation) & (handoffs.c.state == "left")
            again = update(handoffs).where(left).values(state=state, **wanted, **times)
            announce = connection.execute(again).rowcount == 1
        else:
            announce = made is not None
        row = _open_row(connection, conversation)
    if row is None:
        # It was closed between the two statements, which only PostgreSQL lets happen.
        return request(conversation, reason, question, category, now)
    return _handoff(row, announce)


def accept(number: int, agent: str, now: float) -> Handoff:
    """Take a waiting customer or a ticket; of two agents one gets it.

    Raises:
        HandoffError: It does not exist, is closed, or another agent has it.
    """
    free = (handoffs.c.id == number) & handoffs.c.state.in_(("waiting", "left"))
    taken = {"state": "agent", "agent": agent, "accepted_at": now, "active_at": now}
    with writing() as connection:
        connection.execute(update(handoffs).where(free).values(**taken))
        return _held_by(connection, number, agent)


def reply(number: int, agent: str, text: str, now: float) -> int:
    """Say something to the customer; accept first where nobody has. Return the message id.

    Raises:
        HandoffError: The text is empty, or the handoff is closed or another agent's.
    """
    if not text.strip():
        raise HandoffError("回复内容为空，请写上要对顾客说的话")
    handoff = accept(number, agent, now)
    with writing() as connection:
        alive = update(handoffs).where(handoffs.c.id == number).values(active_at=now)
        connection.execute(alive)
    return messages.add_reply(handoff.conversation, "agent", text, None, now)


def close(number: int, reason: str, now: float) -> Handoff:
    """Give the customer back to the bot.

    Args:
        number: Number of the handoff.
        reason: done, idle or cancelled.
        now: UTC seconds.

    Raises:
        HandoffError: It does not exist or is closed already.
    """
    with writing() as connection:
        closed = _close(connection, handoffs.c.id == number, reason, now)
        handoff = _get(connection, number)
    if not closed:
        raise _closed(number)
    return handoff


def cancel(conversation: str, now: float) -> bool:
    """Give a customer who no longer wants to wait back to the bot; tell whether one waited."""
    waiting = (handoffs.c.open_key == conversation) & (handoffs.c.state == "waiting")
    with writing() as connection:
        return _close(connection, waiting, "cancelled", now) == 1


def who_holds(conversation: str, now: float) -> Holder:
    """Tell who speaks with the customer, after giving back what has been idle too long.

    An agent without a sign of life for `idle_minutes` loses the customer to the bot. A
    customer who waited that long for nobody keeps a ticket, and the bot goes on.
    """
    with reading() as connection:
        row = _open_row(connection, conversation)
    if row is None or row.state == "left":
        return "bot"
    if row.active_at <= _idle_since(now):
        give_back(conversation, now)
        return who_holds(conversation, now)
    return "agent" if row.state == "agent" else "waiting"


def give_back(conversation: str | None, now: float) -> list[Handoff]:
    """Give what has been idle too long back to the bot; return those handoffs.

    Args:
        conversation: One conversation; None for all.
        now: UTC seconds.
    """
    idle = handoffs.c.open_key.is_not(None) & (handoffs.c.active_at <= _idle_since(now))
    if conversation is not None:
        idle = idle & (handoffs.c.open_key == conversation)
    with writing() as connection:
        held = idle & handoffs.c.state.in_(("agent", "waiting"))
        found = connection.execute(select(handoffs.c.id).where(held).with_for_update())
        numbers = list(found.scalars())
        given = handoffs.c.id.in_(numbers)
        _close(connection, given & (handoffs.c.state == "agent"), "idle", now)
        missed = update(handoffs).where(given & (handoffs.c.state == "waiting"))
        connection.execute(missed.values(state="left"))
        rows = connection.execute(select(handoffs).where(given).order_by(handoffs.c.id)).all()
    return [_handoff(row) for row in rows]


def open_of(conversation: str) -> Handoff | None:
    """Return the open handoff of a conversation, None when there is none."""
    with reading() as connection:
        row = _open_row(connection, conversation)
    return None if row is None else _handoff(row)


def keep(number: int, agent: str, now: float) -> None:
    """Note a sign of life of the person who has the customer, and who that is now."""
    held = (handoffs.c.id == number) & (handoffs.c.state == "agent")
    with writing() as connection:
        connection.execute(update(handoffs).where(held).values(agent=agent, active_at=now))


def open_handoffs() -> list[Handoff]:
    """Return all that is open: waiting customers first, then held ones, then tickets."""
    query = (
        select(handoffs)
        .where(handoffs.c.open_key.is_not(None))
        .order_by(_ORDER, handoffs.c.requested_at, handoffs.c.id)
    )
    with reading() as connection:
        return [_handoff(row) for row in connection.execute(query)]


def get(number: int) -> Handoff:
    """Return one handoff. Raises HandoffError when there is none of that number."""
    with reading() as connection:
        return _get(connection, number)


def _open_row(connection: Connection, conversation: str) -> Any:
    return connection.execute(select(handoffs).where(handoffs.c.open_key == conversation)).first()


def _get(connection: Connection, number: int) -> Handoff:
    row = connection.execute(select(handoffs).where(handoffs.c.id == number)).first()
    if row is None:
        raise HandoffError(f"没有编号为 {number} 的转接，请用 kefu handoff list 查看")
    return _handoff(row)


def _held_by(connection: Connection, number: int, agent: str) -> Handoff:
    handoff = _get(connection, number)
    if handoff.state == "closed":
        raise _closed(number)
    if handoff.agent != agent:
        raise HandoffError(f"编号 {number} 的顾客正由 {handoff.agent} 接待")
    return handoff


def _close(connection: Connection, which: Any, reason: str, now: float) -> int:
    ended = {"state": "closed", "closed_at": now, "close_reason": reason, "open_key": None}
    still_open = which & handoffs.c.open_key.is_not(None)
    closed: int = connection.execute(update(handoffs).where(still_open).values(**ended)).rowcount
    return closed


def _closed(number: int) -> HandoffError:
    return HandoffError(f"编号 {number} 的转接已结束，顾客再次转人工时会有新的编号")


def _idle_since(now: float) -> float:
    return now - settings().handoff.idle_minutes * 60


def _handoff(row: Any, announce: bool = False) -> Handoff:
    fields = {name: value for name, value in row._mapping.items() if name != "open_key"}
    return Handoff(**fields, announce=announce)
