"""Sessions: a customer's messages without a gap of more than an hour.

A session counts where it begins. Presses of the rating buttons and the opening of a chat are
no messages of a session; a request for a person is one, whoever made it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import literal, or_, select

from kefu.insight.filters import Filters, turns_of
from kefu.insight.period import Period
from kefu.insight.requests import Request, requests_of
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
_AT_A_TIME = 5000
_NO_NEIGHBOUR = 2 * GAP_SECONDS


@dataclass(slots=True)
class Session:
    """One session.

    Attributes:
        channel: Where.
        start, last: First and last message, UTC seconds.
        asked: A person was asked for, by the customer or by the assistant.
        requests: The requests for a person that were made in it, in order.
        reached: A person took the customer, then or later.
        categories: Knowledge categories of what was asked in it, where they were wanted.
    """

    channel: str
    start: float
    last: float
    asked: bool = False
    requests: list[Request] = field(default_factory=list)
    reached: bool = False
    categories: set[str] = field(default_factory=set)


def sessions_of(
    period: Period, filters: Filters, with_categories: bool = False
) -> Iterator[Session]:
    """Yield the sessions that begin in the period, in no particular order.

    With a category in the filters those in which something of it was asked. Of customers who
    were erased nothing says any more which messages were one session, so they have none.

    Args:
        period, filters: What is looked at.
        with_categories: Whether the sessions shall know their categories, which takes longer.
    """
    start, end = period.start, period.end
    since, until = start - GAP_SECONDS, end + TAIL_SECONDS
    with reading() as connection:
        requests = requests_of(connection, filters, since - TICKET_SECONDS, until)
        streamed = connection.execution_options(stream_results=True)
        rows = streamed.execute(_edges(filters, since, until, with_categories))
        one_by_one = chain.from_iterable(rows.partitions(_AT_A_TIME))
        for sessions in _conversations(one_by_one, requests, since):
            for session in sessions:
                if start <= session.start < end and _covers(filters, session):
                    yield session


def _conversations(
    rows: Any, requests: dict[str, list[Request]], since: float
) -> Iterator[list[Session]]:
    """Yield the sessions of each conversation."""
    for conversation, said in groupby(rows, key=itemgetter(0)):
        sessions = _sessions(said)
        if conversation in requests:
            sessions = _with_requests(sessions, requests.pop(conversation), since)
        yield sessions
    # Where another desk saw the request first, or its turn was not recorded.
    for called in requests.values():
        yield _with_requests([], called, since)


def _sessions(said: Any) -> list[Session]:
    sessions: list[Session] = []
    for _, channel, at, label, asks, since_last, _until_next in said:
        if since_last > GAP_SECONDS:
            sessions.append(Session(channel, at, at))
        session = sessions[-1]
        session.last = at
        session.asked |= bool(asks)
        if label is not None and is_entry(label):
            session.categories.add(category_of(label))
    return sessions


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
    session.requests.append(request)
    session.asked = True
    session.last = max(session.last, request.at)
    session.reached |= request.taken
    if request.category is not None:
        session.categories.add(request.category)


def _ticket_taken(session: Session, requests: list[Request]) -> bool:
    """Tell whether people took the ticket that was open when a person was asked for again."""
    before = [request for request in requests if request.at < session.start]
    return not session.requests and bool(before) and before[-1].taken


def _covers(filters: Filters, session: Session) -> bool:
    return filters.category is None or filters.category in session.categories


def _edges(filters: Filters, since: float, until: float, with_categories: bool) -> Any:
    """Return the query for the turns that begin or end a session, or say something about it.

    The others say nothing more, and are most of them.
    """
    order = {"partition_by": turns.c.conversation, "order_by": (turns.c.started_at, turns.c.id)}
    at = turns.c.started_at
    said = (
        select(
            turns.c.conversation,
            turns.c.channel,
            at.label("at"),
            turns.c.label,
            (turns.c.outcome == "human").label("asks"),
            sql.coalesce(at - sql.lag(at).over(**order), _NO_NEIGHBOUR).label("since_last"),
            sql.coalesce(sql.lead(at).over(**order) - at, _NO_NEIGHBOUR).label("until_next"),
            turns.c.id,
        )
        .where(turns_of(filters, since, until), turns.c.outcome.not_in(_NO_MESSAGES))
        .where(turns.c.conversation != ERASED)
        .subquery("said")
    )
    labelled = literal(with_categories)
    if filters.category is not None:
        labelled = filters.of_category(said.c.label)
    edge = or_(said.c.since_last > GAP_SECONDS, said.c.until_next > GAP_SECONDS, said.c.asks)
    columns = [column for column in said.c if column.name != "id"]
    return (
        select(*columns)
        .where(or_(edge, labelled))
        .order_by(said.c.conversation, said.c.at, said.c.id)
    )
