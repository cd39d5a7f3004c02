"""Sessions: a customer's messages without a gap of more than an hour.

A session counts where it begins. Presses of the rating buttons and the opening of a chat are
no messages of a session; a request for a person is one, whoever made it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from kefu.insight.filters import Filters, turns_of
from kefu.insight.period import Period
from kefu.insight.requests import Request, requests_of
from kefu.insight.rows import no_collecting, streamed
from kefu.labels import category_of, is_entry
from kefu.storage.engine import reading
from kefu.storage.erasure import ERASED
from kefu.storage.tables import turns

GAP_SECONDS = 3600.0
# A session that runs beyond the end of the period is followed for so long.
TAIL_SECONDS = 6 * 3600.0
# A ticket for people who are away stays open for so long at most, mostly until the morning.
TICKET_SECONDS = 7 * 86400.0
_NO_MESSAGES = ("welcome", "rating")


@dataclass(slots=True)
class Session:
    """One session.

    Attributes:
        channel: Where.
        start, last: First and last message, UTC seconds.
        asked: A person was asked for, by the customer or by the assistant.
        requests: The requests for a person that were made in it, in order.
        reached: A person took the customer, then or later.
        categories: Knowledge categories of what was asked in it.
    """

    channel: str
    start: float
    last: float
    asked: bool = False
    requests: tuple[Request, ...] = ()
    reached: bool = False
    categories: frozenset[str] = frozenset()


def sessions_of(period: Period, filters: Filters) -> Iterator[Session]:
    """Yield the sessions that begin in the period, in no particular order.

    With a category in the filters those in which something of it was asked. Of customers who
    were erased nothing says any more which messages were one session, so they have none.
    """
    start, end = period.start, period.end
    since, until = start - GAP_SECONDS, end + TAIL_SECONDS
    with reading() as connection, no_collecting():
        requests = requests_of(connection, filters, since - TICKET_SECONDS, until)
        found = _said(connection, _turns(filters, since, until))
    # Where another desk saw the request first, its turn was not recorded.
    for conversation in requests:
        found.setdefault(conversation, [])
    for conversation, sessions in found.items():
        if conversation in requests:
            sessions = _with_requests(sessions, requests[conversation], since)
        for session in sessions:
            if start <= session.start < end and _covers(filters, session):
                yield session


def _said(connection: Connection, query: Any) -> dict[str, list[Session]]:
    """Return the sessions of each conversation, in order, without what was requested."""
    found: defaultdict[str, list[Session]] = defaultdict(list)
    for conversation, channel, at, asks, label in streamed(connection, query):
        sessions = found[conversation]
        if not sessions or at - sessions[-1].last > GAP_SECONDS:
            sessions.append(Session(channel, at, at))
        session = sessions[-1]
        session.last = at
        if asks:
            session.asked = True
        if label is not None:
            session.categories = _with_label(session.categories, label)
    return found


def _with_requests(sessions: list[Session], requests: list[Request], since: float) -> list[Session]:
    """Return the sessions with what was requested in them, and those that only requests make."""
    starts = [session.start for session in sessions]
    alone: list[Session] = []
    for request in (request for request in requests if request.at >= since):
        number = bisect_right(starts, request.at) - 1
        near = [*sessions[max(number, 0) : number + 1], *alone[-1:]]
        within = [s for s in near if s.start <= request.at <= s.last + GAP_SECONDS]
        if not within:
            alone.append(Session(request.channel, request.at, request.at))
        _add(within[0] if within else alone[-1], request)
    for session in sessions:
        session.reached |= session.asked and _ticket_taken(session, requests)
    return [*sessions, *alone]


def _add(session: Session, request: Request) -> None:
    session.requests = (*session.requests, request)
    session.asked = True
    session.last = max(session.last, request.at)
    session.reached |= request.taken
    if request.category is not None:
        session.categories |= {request.category}


def _ticket_taken(session: Session, requests: list[Request]) -> bool:
    """Tell whether people took the ticket that was open when a person was asked for again."""
    before = [request for request in requests if request.at < session.start]
    return not session.requests and bool(before) and before[-1].taken


def _covers(filters: Filters, session: Session) -> bool:
    return filters.category is None or filters.category in session.categories


@lru_cache(maxsize=4096)
def _with_label(categories: frozenset[str], label: str) -> frozenset[str]:
    """Return categories with that of a label; there are few, of very many sessions."""
    return categories | {category_of(label)} if is_entry(label) else categories


def _turns(filters: Filters, since: float, until: float) -> Any:
    """Return the query for all messages of that time, in order.

    Dividing them here takes half the time of window functions in the database.
    """
    asks = turns.c.outcome == "human"
    return (
        select(turns.c.conversation, turns.c.channel, turns.c.started_at, asks, turns.c.label)
        .where(turns_of(filters, since, until), turns.c.outcome.not_in(_NO_MESSAGES))
        .where(turns.c.conversation != ERASED)
        .order_by(turns.c.started_at, turns.c.id)
    )
