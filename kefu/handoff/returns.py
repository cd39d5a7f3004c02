"""Customers whose agent never said a word: they wait for another one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from kefu import rings
from kefu.handoff import steps
from kefu.handoff.history import TAKINGS
from kefu.handoff.records import Handoff, HandoffError
from kefu.settings import settings
from kefu.staff.people import PRESENT_SECONDS
from kefu.storage.engine import reading, writing
from kefu.storage.tables import handoff_events, handoffs, messages, staff

# Longer than it takes to load a page anew, or to change from one network to another.
GONE_SECONDS = 120.0


_LAST_TAKING = aliased(handoff_events)
_TAKING = handoff_events
_SPOKE = exists().where(
    messages.c.conversation == handoffs.c.conversation,
    messages.c.author == "agent",
    messages.c.created_at >= _TAKING.c.at,
)
_GIVEN = _TAKING.c.kind.in_(("assigned", "transferred"))
# Who took a customer without a page of the console, by a command, cannot go from it.
_WAS_THERE = staff.c.seen_at >= _TAKING.c.at - PRESENT_SECONDS
_GONE = and_(staff.c.seen_at <= bindparam("gone"), _TAKING.c.at <= bindparam("gone"))
_LATE = and_(_GIVEN, _TAKING.c.at <= bindparam("late"))
_UNANSWERED = (
    select(handoffs.c.id, handoffs.c.active_at)
    .join(staff, staff.c.login == handoffs.c.agent)
    .join(
        _TAKING,
        _TAKING.c.id
        == select(func.max(_LAST_TAKING.c.id))
        .where(_LAST_TAKING.c.handoff == handoffs.c.id, _LAST_TAKING.c.kind.in_(TAKINGS))
        .scalar_subquery(),
    )
    .where(
        handoffs.c.state == "agent",
        handoffs.c.active_at <= _TAKING.c.at,
        or_(and_(_GONE, or_(_GIVEN, _WAS_THERE)), _LATE),
        ~_SPOKE,
    )
)


def return_unanswered(now: float) -> list[Handoff]:
    """Put back those whom their agent has not answered; return them.

    That is who was given to an agent `answer_within_minutes` ago, and whose agent has gone
    from the console. An agent who has spoken keeps the customer.
    """
    limit = settings().handoff.answer_within_minutes * 60
    moments = {"gone": now - GONE_SECONDS, "late": now - limit if limit else 0.0}
    with reading() as connection:
        due = connection.execute(_UNANSWERED, moments).all()
    returned = [_put_back(row, now) for row in due]
    return [handoff for handoff in returned if handoff is not None]


def _put_back(row: Any, now: float) -> Handoff | None:
    # Words that come in between are heard: they move active_at.
    unheard = handoffs.c.active_at == row.active_at
    try:
        with writing() as connection:
            handoff = steps.put_back_in(connection, row.id, now, expected=unheard)
    except HandoffError:
        return None
    rings.changed(handoff.conversation)
    return handoff
