"""What the helpdesk has not been told yet, by what is missing in its outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from kefu.handoff.history import TAKINGS
from kefu.handoff.other_desks import channels_of_other_desks
from kefu.helpdesk import agents, events
from kefu.helpdesk.events import Event
from kefu.staff.names import name_in
from kefu.storage.tables import (
    conversations,
    handoff_events,
    handoffs,
    helpdesk_events,
    media,
    messages,
)

# Another process may commit what it wrote with an earlier clock, but not after this.
RECENT_SECONDS = 60.0
# Until then a message from before the end of a handoff may still come.
_SETTLED_SECONDS = 2.0
_UNTOLD = ("event", "enter")
_CHANGES = ("requested", *TAKINGS, "returned", "left", "late")
_OPEN = ("waiting", "agent", "left")
ENDS = (events.CLOSED, events.CANCELLED)

_asked = helpdesk_events.alias("asked")
_told = helpdesk_events.alias("told")
_IS_ASKED = and_(
    _asked.c.conversation == handoffs.c.conversation,
    _asked.c.handoff == handoffs.c.id,
    _asked.c.kind == events.REQUESTED,
)


@dataclass(frozen=True)
class Known:
    """A handoff that the helpdesk knows: its row, its channel, when it was told."""

    row: Any
    channel: str
    asked_at: float
    last_event: int


def known(
    connection: Connection, only: list[str] | None, unfinished: set[int] | None
) -> list[Known]:
    """Return the handoffs that the helpdesk knows and that may have news.

    Args:
        connection: Of a transaction that reads.
        only: Conversations to look at; None: all.
        unfinished: Handoffs whose end has not been told; None: it is looked up.
    """
    columns = (
        _asked.c.created_at.label("asked_at"),
        _asked.c.message.label("last_event"),
        conversations.c.channel.label("channel"),
    )
    query = (
        select(handoffs, *columns)
        .join(_asked, _IS_ASKED)
        .join(conversations, conversations.c.id == handoffs.c.conversation)
        .where(_not_over(unfinished))
        .order_by(handoffs.c.id)
    )
    rows = connection.execute(_among(query, only))
    return [Known(r, r.channel, r.asked_at, r.last_event or 0) for r in rows]


def _not_over(unfinished: set[int] | None) -> ColumnElement[bool]:
    is_open: ColumnElement[bool] = handoffs.c.state.in_(_OPEN)
    if unfinished is not None:
        return or_(is_open, handoffs.c.id.in_(unfinished))
    end_told = select(_told.c.id).where(
        _told.c.conversation == handoffs.c.conversation,
        _told.c.handoff == handoffs.c.id,
        _told.c.kind.in_(ENDS),
    )
    return or_(is_open, ~end_told.exists())


def _among(query: Any, only: list[str] | None) -> Any:
    return query if only is None else query.where(handoffs.c.conversation.in_(only))


def requests(connection: Connection, only: list[str] | None) -> list[Event]:
    """Return the requests for a person that the helpdesk has not been told of."""
    query = (
        select(handoffs, conversations.c.channel.label("channel"))
        .join(conversations, conversations.c.id == handoffs.c.conversation)
        .where(
            handoffs.c.state.in_(("waiting", "left")),
            ~select(_asked.c.id).where(_IS_ASKED).exists(),
            conversations.c.channel.not_in(channels_of_other_desks()),
        )
        .order_by(handoffs.c.id)
    )
    return [_request(connection, row) for row in connection.execute(_among(query, only))]


def _request(connection: Connection, row: Any) -> Event:
    # The events come first: what happens in between is told twice rather than never.
    last = select(func.max(handoff_events.c.id)).where(handoff_events.c.handoff == row.id)
    last_event = connection.execute(last).scalar() or 0
    query = (
        select(messages)
        .where(messages.c.conversation == row.conversation, messages.c.kind.not_in(_UNTOLD))
        .order_by(messages.c.id.desc())
        .limit(events.TRANSCRIPT_LINES)
    )
    lines = connection.execute(query).all()[::-1]
    current = connection.execute(select(handoffs).where(handoffs.c.id == row.id)).first() or row
    files = _files(connection, [line.id for line in lines])
    return events.requested(current, row.channel, lines, files, last_event)


def later(connection: Connection, known: Sequence[Known], since: float, now: float) -> list[Event]:
    """Return what happened after the helpdesk was told of a handoff, in its order.

    What is older than `since` has been told; times are UTC seconds.
    """
    handoff_of = {handoff.row.id: handoff for handoff in known}
    said = _messages(connection, list(handoff_of), since)
    files = _files(connection, [row.id for row in said])
    timed = [
        (row.created_at, row.id, _message(handoff_of[row.handoff], row, files)) for row in said
    ]
    for row in _changes(connection, list(handoff_of), since):
        handoff = handoff_of[row.handoff]
        # What their own people did is no news to them.
        if row.id > handoff.last_event and not agents.is_outside(row.actor):
            timed.append((row.at, row.id, _change(connection, handoff, row)))
    timed.sort(key=lambda one: one[:2])
    found = [event for _, _, event in timed]
    return found + [_end(handoff) for handoff in known if _is_settled(handoff.row, now)]


def _message(handoff: Known, row: Any, files: dict[int, str | None]) -> Event:
    return events.message(handoff.row, handoff.channel, row, files)


def _change(connection: Connection, handoff: Known, row: Any) -> Event:
    taken_by = row.target or row.actor if row.kind in TAKINGS else None
    agent = None if taken_by is None else name_in(connection, taken_by)
    return events.changed(handoff.row, handoff.channel, row, agent)


def _end(handoff: Known) -> Event:
    return events.ended(handoff.row, handoff.channel)


def _is_settled(row: Any, now: float) -> bool:
    return row.closed_at is not None and bool(row.closed_at <= now - _SETTLED_SECONDS)


def _messages(connection: Connection, numbers: list[int], since: float) -> list[Any]:
    """Return messages of known handoffs that have not been told, oldest first."""
    is_told = select(_told.c.id).where(
        _told.c.conversation == messages.c.conversation,
        _told.c.handoff == handoffs.c.id,
        _told.c.message == messages.c.id,
        _told.c.kind == events.MESSAGE,
    )
    query = (
        select(messages, handoffs.c.id.label("handoff"))
        .join(handoffs, handoffs.c.conversation == messages.c.conversation)
        .join(_asked, _IS_ASKED)
        .where(
            handoffs.c.id.in_(numbers),
            messages.c.kind.not_in(_UNTOLD),
            messages.c.created_at > since,
            messages.c.created_at > _asked.c.created_at - RECENT_SECONDS,
            # What was said at the moment of the end belongs to the bot.
            or_(handoffs.c.closed_at.is_(None), messages.c.created_at < handoffs.c.closed_at),
            or_(messages.c.key.is_(None), ~messages.c.key.startswith(agents.KEYS)),
            ~is_told.exists(),
        )
        .order_by(messages.c.id)
    )
    return list(connection.execute(query)) if numbers else []


def _changes(connection: Connection, numbers: list[int], since: float) -> list[Any]:
    is_told = select(_told.c.id).where(
        _told.c.conversation == handoff_events.c.conversation,
        _told.c.handoff == handoff_events.c.handoff,
        _told.c.message == handoff_events.c.id,
        _told.c.kind == events.CHANGED,
    )
    query = (
        select(handoff_events)
        .where(
            handoff_events.c.handoff.in_(numbers),
            handoff_events.c.kind.in_(_CHANGES),
            handoff_events.c.at > since,
            ~is_told.exists(),
        )
        .order_by(handoff_events.c.id)
    )
    return list(connection.execute(query)) if numbers else []


def _files(connection: Connection, ids: list[int]) -> dict[int, str | None]:
    if not ids:
        return {}
    query = select(media.c.message, media.c.content_type).where(media.c.message.in_(ids))
    return {row.message: row.content_type for row in connection.execute(query)}
