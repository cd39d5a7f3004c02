"""The steps between the states of a handoff, each in a transaction of the caller's.

Every step is one UPDATE that names the state it expects, and a row of the history.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import case, func, update
from sqlalchemy.engine import Connection

from kefu.handoff.history import note_in
from kefu.handoff.records import Handoff, HandoffError, get_in, is_closed
from kefu.staff.names import name_in
from kefu.storage.tables import handoffs

How = Literal["accepted", "assigned"]


def accept_in(
    connection: Connection, number: int, agent: str, now: float, how: How = "accepted"
) -> tuple[Handoff, bool]:
    """Do what `accept` does in a transaction of the caller's; tell whether it changed hands."""
    free = handoffs.c.state.in_(("waiting", "left") if how == "accepted" else ("waiting",))
    taken = {
        "state": "agent",
        "agent": agent,
        "accepted_at": func.coalesce(handoffs.c.accepted_at, now),
        "active_at": now,
    }
    change = update(handoffs).where(handoffs.c.id == number, free).values(**taken)
    changed = connection.execute(change).rowcount == 1
    handoff = held_in(connection, number, agent)
    if changed:
        actor = agent if how == "accepted" else None
        note_in(connection, number, handoff.conversation, how, now, actor=actor, target=agent)
    return handoff, changed


def transfer_in(
    connection: Connection,
    number: int,
    agent: str,
    to: str,
    now: float,
    note: str | None,
    force: bool,
) -> Handoff:
    """Do what `transfer` does in a transaction of the caller's."""
    mine = (handoffs.c.state == "agent") & (handoffs.c.agent == agent)
    which = handoffs.c.open_key.is_not(None) if force else mine
    elsewhere = handoffs.c.agent.is_(None) | (handoffs.c.agent != to)
    given = {
        "state": "agent",
        "agent": to,
        "accepted_at": func.coalesce(handoffs.c.accepted_at, now),
        "active_at": now,
        # What the one before has seen is new to the next.
        "seen_message": 0,
    }
    change = update(handoffs).where(handoffs.c.id == number, which, elsewhere).values(**given)
    if connection.execute(change).rowcount != 1:
        raise _not_given(connection, number, agent, to, force)
    handoff = get_in(connection, number)
    whom = {"actor": agent, "target": to, "detail": note or None}
    note_in(connection, number, handoff.conversation, "transferred", now, **whom)
    return handoff


def put_back_in(
    connection: Connection,
    number: int,
    now: float,
    holder: str | None = None,
    by: str | None = None,
    expected: Any = None,
) -> Handoff:
    """Let the customer of `holder`, of whoever where None, wait again.

    `by` is who does it, None where it happens by itself; `expected` is a further condition
    on the row.
    """
    before = held_in(connection, number, holder) if holder else get_in(connection, number, True)
    which = (handoffs.c.id == number) & (handoffs.c.state == "agent")
    which = which & (handoffs.c.agent == before.agent)
    unheard = handoffs.c.first_reply_at.is_(None)
    freed = {
        "state": "waiting",
        "agent": None,
        "active_at": now,
        "accepted_at": case((unheard, None), else_=handoffs.c.accepted_at),
        "seen_message": 0,
    }
    which = which if expected is None else which & expected
    if connection.execute(update(handoffs).where(which).values(**freed)).rowcount != 1:
        raise HandoffError(f"编号 {number} 的顾客现在没有人接待，不能重新排队")
    whom = {"actor": by, "target": before.agent}
    note_in(connection, number, before.conversation, "returned", now, **whom)
    return get_in(connection, number)


def leave_in(connection: Connection, handoff: Handoff, now: float, actor: str | None) -> bool:
    """Turn a wait into a message for later in a transaction of the caller's; tell whether it was.

    `actor` is the customer, or None where it happens by itself.
    """
    waiting = (handoffs.c.id == handoff.id) & (handoffs.c.state == "waiting")
    change = update(handoffs).where(waiting).values(state="left")
    if connection.execute(change).rowcount != 1:
        return False
    note_in(connection, handoff.id, handoff.conversation, "left", now, actor=actor)
    return True


def said_in(connection: Connection, number: int, agent: str, now: float) -> bool:
    """Do what `said` does in a transaction of the caller's; tell whether the agent has it."""
    held = (handoffs.c.id == number) & (handoffs.c.state == "agent") & (handoffs.c.agent == agent)
    word = {"active_at": now, "first_reply_at": func.coalesce(handoffs.c.first_reply_at, now)}
    heard: int = connection.execute(update(handoffs).where(held).values(**word)).rowcount
    return heard == 1


def close_in(
    connection: Connection, number: int, reason: str, now: float, by: str | None = None
) -> Handoff:
    """Do what `close` does in a transaction of the caller's."""
    handoff = get_in(connection, number, for_change=True)
    if not end_in(connection, handoff, reason, now, by):
        raise is_closed(number)
    return get_in(connection, number)


def end_in(
    connection: Connection, handoff: Handoff, reason: str, now: float, by: str | None
) -> bool:
    """Close a handoff; tell whether it was open."""
    still = (handoffs.c.id == handoff.id) & handoffs.c.open_key.is_not(None)
    ended = {"state": "closed", "closed_at": now, "close_reason": reason, "open_key": None}
    if connection.execute(update(handoffs).where(still).values(**ended)).rowcount != 1:
        return False
    note_in(connection, handoff.id, handoff.conversation, reason, now, actor=by)
    return True


def held_in(connection: Connection, number: int, agent: str) -> Handoff:
    """Return a handoff that the agent has. Raises HandoffError when it is not the agent's."""
    handoff = get_in(connection, number, for_change=True)
    if handoff.state == "closed":
        raise is_closed(number)
    if handoff.agent != agent or handoff.state != "agent":
        raise _not_theirs(connection, handoff)
    return handoff


def _not_theirs(connection: Connection, handoff: Handoff) -> HandoffError:
    if handoff.agent is None or handoff.state != "agent":
        return HandoffError(f"编号 {handoff.id} 的顾客还没有人接待，请先接入")
    name = name_in(connection, handoff.agent)
    return HandoffError(f"编号 {handoff.id} 的顾客正由 {name} 接待")


def _not_given(
    connection: Connection, number: int, agent: str, to: str, force: bool
) -> HandoffError:
    handoff = get_in(connection, number)
    if handoff.state == "closed":
        return is_closed(number)
    if handoff.state == "agent" and handoff.agent == to:
        return HandoffError(f"编号 {number} 的顾客已经由 {name_in(connection, to)} 接待")
    return _not_theirs(connection, handoff)
