"""The lines of a conversation, read from the database a page at a time or as they come."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kefu.console.deliveries import deliveries
from kefu.console.desk_lines import SILENT, Line, event_line, message_line, note_line
from kefu.storage.engine import reading
from kefu.storage.tables import handoff_events, handoffs, internal_notes, messages, ratings

PAGE = 100
# Events by which a person gets a customer.
_GETS = ("accepted", "assigned", "transferred")
_MESSAGE = (
    messages.c.id,
    messages.c.conversation,
    messages.c.author,
    messages.c.kind,
    messages.c.key,
    messages.c.body,
    messages.c.state,
    messages.c.created_at,
)
# An event of the channel that says nothing to a reader.
_SHOWN = messages.c.kind != "event"


@dataclass(frozen=True)
class Scope:
    """What somebody may read: a conversation, as the page of a handoff shows it.

    Attributes:
        conversation: Conversation id.
        handoff: The handoff whose page it is; all that happened to it is shown.
        until: UTC seconds; nothing else from later. None for no end.
    """

    conversation: str
    handoff: int = 0
    until: float | None = None


@dataclass(frozen=True)
class TranscriptPage:
    """Lines in order, and before which message there are more (None: there are none)."""

    lines: list[Line]
    earlier: int | None


def newest(scope: Scope) -> TranscriptPage:
    """Return the last lines."""
    return _page(scope, None)


def before(scope: Scope, message: int) -> TranscriptPage:
    """Return the lines that come before a message."""
    return _page(scope, message)


def recent(scope: Scope, after: int) -> list[Line]:
    """Return what came after a message, and lines before it that may have changed."""
    rows = _messages(scope, None, PAGE)
    if len(rows) == PAGE and rows[0].id > after:
        rows = _messages(scope, None, None, after)
    start = rows[0].created_at if len(rows) >= PAGE else 0.0
    return _in_order(scope, rows, start, None)


def last_message(conversation: str) -> int:
    """Return the id of the last message of a conversation, 0 where there is none."""
    query = select(func.max(messages.c.id)).where(messages.c.conversation == conversation)
    with reading() as connection:
        return connection.execute(query).scalar() or 0


def lines_of_messages(ids: Iterable[int]) -> list[tuple[str, Line]]:
    """Return the lines of messages with the conversation of each, in order."""
    wanted = list(ids)
    if not wanted:
        return []
    query = select(_MESSAGE).where(messages.c.id.in_(wanted), _SHOWN).order_by(messages.c.id)
    with reading() as connection:
        rows = connection.execute(query).all()
    return [(row.conversation, line) for row, line in zip(rows, _lines(rows), strict=True)]


def lines_of_events(ids: Iterable[int]) -> list[tuple[str, Line]]:
    """Return the lines of handoff events with the conversation of each, in order."""
    wanted = list(ids)
    return _event_lines(handoff_events.c.id.in_(wanted)) if wanted else []


def lines_of_notes(ids: Iterable[int]) -> list[tuple[str, Line]]:
    """Return the lines of internal notes with the conversation of each, in order."""
    wanted = list(ids)
    return _note_lines(internal_notes.c.id.in_(wanted)) if wanted else []


def _page(scope: Scope, end: int | None) -> TranscriptPage:
    rows = _messages(scope, end, PAGE + 1)
    has_more, rows = len(rows) > PAGE, rows[-PAGE:]
    start = rows[0].created_at if has_more else 0.0
    lines = _in_order(scope, rows, start, None if end is None else _created_at(end))
    return TranscriptPage(lines, rows[0].id if has_more else None)


def _messages(
    scope: Scope, end: int | None, limit: int | None, after: int | None = None
) -> Sequence[Any]:
    """Return the last `limit` messages, oldest first, between two ids (both excluded)."""
    query = select(_MESSAGE).where(messages.c.conversation == scope.conversation, _SHOWN)
    if end is not None:
        query = query.where(messages.c.id < end)
    if after is not None:
        query = query.where(messages.c.id > after)
    if scope.until is not None:
        query = query.where(messages.c.created_at <= scope.until)
    with reading() as connection:
        found = connection.execute(query.order_by(messages.c.id.desc()).limit(limit))
        rows: list[Any] = found.all()
    rows.reverse()
    return rows


def _created_at(message: int) -> float | None:
    query = select(messages.c.created_at).where(messages.c.id == message)
    with reading() as connection:
        at: float | None = connection.execute(query).scalar()
    return at


def _in_order(scope: Scope, rows: Sequence[Any], start: float, end: float | None) -> list[Line]:
    """Return messages with the events and notes of their time between them.

    Messages keep the order of their ids even where two processes' clocks disagree.
    """
    timed: list[tuple[float, int, Line]] = []
    latest = 0.0
    for line in _lines(rows):
        latest = max(latest, line.at)
        timed.append((latest, 1, line))
    timed += [(line.at, 0, line) for _, line in _event_lines(_events_of(scope, start, end))]
    timed += [(line.at, 2, line) for _, line in _note_lines(_notes_of(scope, start, end))]
    return [line for _, _, line in sorted(timed, key=lambda item: item[:2])]


def _events_of(scope: Scope, start: float, end: float | None) -> Any:
    mine = (handoff_events.c.conversation == scope.conversation) & (handoff_events.c.at >= start)
    if end is not None:
        mine &= handoff_events.c.at < end
    if scope.until is not None:
        own = handoff_events.c.handoff == scope.handoff
        mine &= own | (handoff_events.c.at <= scope.until)
    return mine


def _notes_of(scope: Scope, start: float, end: float | None) -> Any:
    at = internal_notes.c.created_at
    mine = (internal_notes.c.conversation == scope.conversation) & (at >= start)
    if end is not None:
        mine &= at < end
    return mine if scope.until is None else mine & (at <= scope.until)


def _lines(rows: Sequence[Any]) -> list[Line]:
    known = deliveries(rows)
    speakers = _speakers({row.conversation for row in rows if row.author == "agent"})
    return [
        message_line(row, known[row.id], _at(speakers.get(row.conversation, []), row.created_at))
        for row in rows
    ]


def _event_lines(which: Any) -> list[tuple[str, Line]]:
    query = (
        select(handoff_events, handoffs.c.reason, ratings.c.satisfied,
               ratings.c.reason.label("rating_reason"))
        .select_from(
            handoff_events.outerjoin(handoffs, handoffs.c.id == handoff_events.c.handoff)
            .outerjoin(ratings, ratings.c.handoff == handoff_events.c.handoff)
        )
        .where(which, handoff_events.c.kind.not_in(SILENT))
        .order_by(handoff_events.c.id)
    )  # fmt: skip
    with reading() as connection:
        rows = connection.execute(query).all()
    return [(row.conversation, event_line(row, row.reason, _Rating.of(row))) for row in rows]


def _note_lines(which: Any) -> list[tuple[str, Line]]:
    query = select(internal_notes).where(which).order_by(internal_notes.c.id)
    with reading() as connection:
        rows = connection.execute(query).all()
    return [(row.conversation, note_line(row)) for row in rows]


@dataclass(frozen=True)
class _Rating:
    satisfied: bool | None
    reason: str | None

    @classmethod
    def of(cls, row: Any) -> _Rating:
        return cls(row.satisfied, row.rating_reason)


_Turns = list[tuple[float, str]]


def _speakers(conversations: set[str]) -> dict[str, _Turns]:
    """Return from when on which person (login) had the customer, by conversation."""
    if not conversations:
        return {}
    turns: dict[str, _Turns] = defaultdict(list)
    held = select(handoffs.c.conversation, handoffs.c.accepted_at, handoffs.c.agent).where(
        handoffs.c.conversation.in_(conversations), handoffs.c.accepted_at.is_not(None)
    )
    gets = select(
        handoff_events.c.conversation,
        handoff_events.c.at,
        handoff_events.c.target,
        handoff_events.c.actor,
    ).where(handoff_events.c.conversation.in_(conversations), handoff_events.c.kind.in_(_GETS))
    with reading() as connection:
        noted = connection.execute(gets.order_by(handoff_events.c.id)).all()
        known = {row.conversation for row in noted}
        for row in noted:
            turns[row.conversation].append((row.at, row.target or row.actor or ""))
        for row in connection.execute(held):
            # From before events were kept.
            if row.conversation not in known:
                turns[row.conversation].append((row.accepted_at, row.agent or ""))
    return {conversation: sorted(of) for conversation, of in turns.items()}


def _at(turns: _Turns, at: float) -> str | None:
    place = bisect_right([since for since, _ in turns], at)
    return turns[place - 1][1] or None if place else None
