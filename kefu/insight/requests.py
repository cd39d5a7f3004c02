"""Requests for a person, each at the time it was made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from kefu.handoff.other_desks import channels_of_other_desks
from kefu.insight.filters import Filters, testers
from kefu.storage.tables import conversations, handoff_events, handoffs

# A ticket is asked for again, which moves its time, while people are still away.
_MOVED_SECONDS = 7 * 86400.0
_STATES = ("waiting", "agent", "left", "closed")


@dataclass(frozen=True)
class Request:
    """One time that a person was called.

    Attributes:
        handoff: Number of the handoff; one may have been asked for more than once.
        conversation, channel: Where.
        at: UTC seconds.
        reason: As in `tables.handoffs`.
        category: Knowledge category of the question.
        last: It is the last request of its handoff, the one that people answer.
        taken: A person took the customer, then or later.
        answered_at: When a person said the first word; where that is out of our sight
            (another desk), when it took the customer.
    """

    handoff: int
    conversation: str
    channel: str
    at: float
    reason: str
    category: str | None
    last: bool
    taken: bool
    answered_at: float | None


def requests_of(
    connection: Connection, filters: Filters, since: float, until: float
) -> dict[str, list[Request]]:
    """Return customers' requests from `since` to before `until` by conversation, in order."""
    tested = testers(connection, since, until)
    found: defaultdict[str, list[Request]] = defaultdict(list)
    rows = connection.execute(_handoffs(filters, since, until)).all()
    again = _earlier(connection, filters, since, until)
    for row in rows:
        if row.conversation in tested:
            continue
        asked = {row.requested_at: row.reason, **again.get(row.id, {})}
        for at, reason in asked.items():
            if since <= at < until:
                found[row.conversation].append(_request(row, at, reason))
    return {key: sorted(requests, key=lambda r: r.at) for key, requests in found.items()}


def _request(row: Any, at: float, reason: str) -> Request:
    answered = row.first_reply_at
    if answered is None and row.channel in channels_of_other_desks():
        answered = row.accepted_at
    return Request(
        handoff=row.id,
        conversation=row.conversation,
        channel=row.channel or "",
        at=at,
        reason=reason,
        category=row.category,
        last=at == row.requested_at,
        taken=row.accepted_at is not None or row.first_reply_at is not None,
        answered_at=answered,
    )


def _handoffs(filters: Filters, since: float, until: float) -> Any:
    return (
        select(
            handoffs.c.id,
            handoffs.c.conversation,
            handoffs.c.requested_at,
            handoffs.c.reason,
            handoffs.c.category,
            handoffs.c.accepted_at,
            handoffs.c.first_reply_at,
            conversations.c.channel,
        )
        .outerjoin(conversations, conversations.c.id == handoffs.c.conversation)
        .where(_when(since, until), filters.of_channel(conversations.c.channel))
    )


def _earlier(
    connection: Connection, filters: Filters, since: float, until: float
) -> dict[int, dict[float, str]]:
    """Return when and why handoffs were asked for according to their history, by number."""
    query = (
        select(handoff_events.c.handoff, handoff_events.c.at, handoff_events.c.detail)
        .join(handoffs, handoffs.c.id == handoff_events.c.handoff)
        .where(_when(since, until), handoff_events.c.kind == "requested")
        .where(handoff_events.c.at >= since, handoff_events.c.at < until)
    )
    found: defaultdict[int, dict[float, str]] = defaultdict(dict)
    # A row of the handoff itself says the same of its last request.
    for row in connection.execute(query.where(handoff_events.c.at != handoffs.c.requested_at)):
        found[row.handoff][row.at] = row.detail or ""
    return found


def _when(since: float, until: float) -> Any:
    # All states are named so that the index on state and time serves.
    at = handoffs.c.requested_at
    return handoffs.c.state.in_(_STATES) & (at >= since) & (at < until + _MOVED_SECONDS)
