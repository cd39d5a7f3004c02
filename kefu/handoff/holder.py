"""Who speaks with a customer: the bot, nobody yet, or a person.

bot ──request──> waiting ──accept──> agent ──close / idle──> bot
         │        │    ^── put_back ──┘ └─ transfer ─> agent
         └──> left <── leave / idle         (outside service hours, or nobody came: the
               └───────accept──────> agent   bot goes on, and people answer later)
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import case, select, update
from sqlalchemy.engine import Connection

from kefu.handoff import steps
from kefu.handoff.history import CUSTOMER, note_in, was_left_in
from kefu.handoff.hours import schedule
from kefu.handoff.records import Handoff, HandoffError, from_row, get_in, open_in
from kefu.handoff.steps import How
from kefu.settings import settings
from kefu.storage.engine import reading, writing
from kefu.storage.tables import handoffs
from kefu.storage.upsert import insert_or_ignore

__all__ = ["Handoff", "HandoffError"]

Holder = Literal["bot", "waiting", "agent"]

_ORDER = case({"waiting": 0, "agent": 1}, value=handoffs.c.state, else_=2)


def request(
    conversation: str, reason: str, question: str | None, category: str | None, now: float
) -> Handoff:
    """Bring a person in, at most once at a time.

    Inside service hours the customer waits for a person; outside, a ticket is left and
    the bot goes on. While one is open it is returned as it is, but a ticket from outside
    the hours turns into a wait when it is asked for again inside them.
    """
    state = "waiting" if schedule().is_open(now) else "left"
    about = {"reason": reason, "question": question, "category": category}
    times = {"requested_at": now, "active_at": now, "told_at": now}
    wanted = {"state": state, **about, **times}
    who_holds(conversation, now)
    with writing() as connection:
        keys = {"conversation": conversation, "open_key": conversation}
        made = insert_or_ignore(connection, handoffs, on=("open_key",), **keys, **wanted)
        announce = made is not None or (
            state == "waiting" and _wait_again(connection, conversation, wanted)
        )
        handoff = open_in(connection, conversation)
        if handoff is not None and announce:
            note_in(connection, handoff.id, conversation, "requested", now, detail=reason)
    if handoff is None:
        # It was closed between the two statements, which only PostgreSQL lets happen.
        return request(conversation, reason, question, category, now)
    return Handoff(**{**vars(handoff), "announce": announce})


def accept(number: int, agent: str, now: float, how: How = "accepted") -> Handoff:
    """Take a waiting customer or a ticket; of two agents one gets it.

    Args:
        number: Number of the handoff.
        agent: Login of who takes it, or a name from outside.
        now: UTC seconds.
        how: Whether the agent did it, or it was assigned, which only a wait can be.

    Raises:
        HandoffError: It does not exist, is closed, or another agent has it.
    """
    with writing() as connection:
        handoff, _ = steps.accept_in(connection, number, agent, now, how)
    return handoff


def transfer(
    number: int, agent: str, to: str, now: float, note: str | None = None, force: bool = False
) -> Handoff:
    """Give the customer to another person.

    Args:
        number: Number of the handoff.
        agent: Who gives it: the one who has it.
        to: Login of who gets it.
        now: UTC seconds.
        note: What the next one should know.
        force: An operator gives it, whoever has it, and also what waits.

    Raises:
        HandoffError: It does not exist, is closed, or is not the agent's to give.
    """
    with writing() as connection:
        return steps.transfer_in(connection, number, agent, to, now, note, force)


def put_back(number: int, now: float, by: str | None = None) -> Handoff:
    """Let the customer wait for another person, at the place of the first request.

    Args:
        number: Number of the handoff.
        now: UTC seconds.
        by: Who does it, where it is the one who has it; None: it happens by itself.

    Raises:
        HandoffError: It does not exist, or nobody, or another agent, has the customer.
    """
    with writing() as connection:
        return steps.put_back_in(connection, number, now, by, by)


def leave(conversation: str, now: float) -> Handoff | None:
    """Turn a wait into a message for later, as the customer wants; None where none waits."""
    with writing() as connection:
        handoff = open_in(connection, conversation, for_change=True)
        if handoff is None or not steps.leave_in(connection, handoff, now, CUSTOMER):
            return None
        return get_in(connection, handoff.id)


def said(number: int, agent: str, now: float) -> None:
    """Note that the person who has the customer said something."""
    with writing() as connection:
        steps.said_in(connection, number, agent, now)


def seen(number: int, message_id: int) -> None:
    """Note that an agent has had a message of the customer's on the screen."""
    newer = (handoffs.c.id == number) & (handoffs.c.seen_message < message_id)
    with reading() as connection:
        if connection.execute(select(handoffs.c.id).where(newer)).first() is None:
            return
    with writing() as connection:
        connection.execute(update(handoffs).where(newer).values(seen_message=message_id))


def close(number: int, reason: str, now: float, by: str | None = None) -> Handoff:
    """Give the customer back to the bot.

    Args:
        number: Number of the handoff.
        reason: done, idle or cancelled.
        now: UTC seconds.
        by: Who does it.

    Raises:
        HandoffError: It does not exist or is closed already.
    """
    with writing() as connection:
        return steps.close_in(connection, number, reason, now, by)


def cancel(conversation: str, now: float) -> bool:
    """Give a customer who no longer wants to wait back to the bot; tell whether one waited.

    A message that was left before the wait stays a ticket: it was not taken back.
    """
    with writing() as connection:
        handoff = open_in(connection, conversation, for_change=True)
        if handoff is None or handoff.state != "waiting":
            return False
        if was_left_in(connection, handoff.id):
            return steps.leave_in(connection, handoff, now, CUSTOMER)
        return steps.end_in(connection, handoff, "cancelled", now, CUSTOMER)


def who_holds(conversation: str, now: float) -> Holder:
    """Tell who speaks with the customer, after giving back what has been idle too long.

    An agent without a sign of life for `idle_minutes` loses the customer to the bot. A
    customer who waited that long for nobody keeps a ticket, and the bot goes on.
    """
    with reading() as connection:
        handoff = open_in(connection, conversation)
    if handoff is None or handoff.state == "left":
        return "bot"
    if handoff.active_at <= idle_since(now):
        give_back(conversation, now)
        return who_holds(conversation, now)
    return "agent" if handoff.state == "agent" else "waiting"


def give_back(conversation: str | None, now: float) -> list[Handoff]:
    """Give what has been idle too long back to the bot; return those handoffs.

    The customers are told by `farewell`, at once or in the next round.

    Args:
        conversation: One conversation; None for all.
        now: UTC seconds.
    """
    held = handoffs.c.state.in_(("agent", "waiting")) & (handoffs.c.active_at <= idle_since(now))
    if conversation is not None:
        held = held & (handoffs.c.open_key == conversation)
    query = select(handoffs).where(held).order_by(handoffs.c.id)
    with reading() as connection:
        if connection.execute(query.limit(1)).first() is None:
            return []
    with writing() as connection:
        idle = [from_row(row) for row in connection.execute(query.with_for_update())]
        for handoff in idle:
            if handoff.state == "agent":
                steps.end_in(connection, handoff, "idle", now, None)
            else:
                steps.leave_in(connection, handoff, now, None)
        return [get_in(connection, handoff.id) for handoff in idle]


def open_of(conversation: str) -> Handoff | None:
    """Return the open handoff of a conversation, None when there is none."""
    with reading() as connection:
        return open_in(connection, conversation)


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
        return [from_row(row) for row in connection.execute(query)]


def get(number: int) -> Handoff:
    """Return one handoff. Raises HandoffError when there is none of that number."""
    with reading() as connection:
        return get_in(connection, number)


def idle_since(now: float) -> float:
    """Return the last sign of life of what is idle too long, UTC seconds."""
    return now - settings().handoff.idle_minutes * 60


def _wait_again(connection: Connection, conversation: str, wanted: dict[str, Any]) -> bool:
    left = (handoffs.c.open_key == conversation) & (handoffs.c.state == "left")
    untold = {"updates_told": 0, "late_told_at": None}
    change = update(handoffs).where(left).values(**wanted, **untold)
    changed: int = connection.execute(change).rowcount
    return changed == 1
