"""What is new in the conversations that open pages show, read from the database in one go."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from threading import Lock
from typing import Any

from sqlalchemy import or_, select

from kefu.console import desk_transcript
from kefu.console.deliveries import Delivery, deliveries
from kefu.console.desk_lines import SILENT, Line
from kefu.console.news import Happened, Held, Interest, NewLine, News
from kefu.console.pages import fragment
from kefu.console.tail import Tail
from kefu.storage.engine import reading
from kefu.storage.tables import handoff_events, handoffs, internal_notes, messages, sends

_MOST_KNOWN = 20_000
_MOST_UNDER_WAY = 500
_OLD_SECONDS = 120.0
_LATELY_SECONDS = 86400.0
_AGAIN_SECONDS = 1.0
_LOOKED_AT = 20  # of a conversation's last messages, for what became of them


class Newsroom:
    """Looks for news, in a thread, because it waits for the database."""

    def __init__(self) -> None:
        """Begin with nothing; `begin` sets it to the present."""
        self._messages = Tail(messages.c.id, messages.c.conversation)
        self._events = Tail(handoff_events.c.id, handoff_events.c.conversation)
        self._notes = Tail(internal_notes.c.id, internal_notes.c.conversation)
        self._known: OrderedDict[int, Delivery] = OrderedDict()
        self._under_way: OrderedDict[int, None] = OrderedDict()
        self._looked_at = 0.0
        # A look and a look for changes may go on at the same time.
        self._lock = Lock()

    def begin(self) -> None:
        """Take all that is there for known."""
        for tail in (self._messages, self._events, self._notes):
            tail.skip()

    def look(self, rung: Collection[str], interest: Interest) -> News:
        """Return what is new since the last look.

        Args:
            rung: Conversations that somebody rang for.
            interest: What open pages are about.
        """
        said, happened, noted = self._messages.new(), self._events.new(), self._notes.new()
        touched = {conversation for _, conversation in (*said, *happened, *noted)} | set(rung)
        news = News(touched=touched)
        if not touched:
            return news
        news.held = self.held(touched, interest)
        wanted = _wanted(news.held, interest)
        news.happened = _happened(number for number, _ in happened)
        lines = [
            *desk_transcript.lines_of_messages(_of(said, wanted)),
            *desk_transcript.lines_of_events(_of(happened, wanted)),
            *desk_transcript.lines_of_notes(_of(noted, wanted)),
        ]
        news.lines = [NewLine(of, line, rendered(line)) for of, line in lines]
        for _, line in lines:
            self._know(line)
        return news

    def changes(self, touched: Collection[str], interest: Interest) -> News:
        """Return the lines of which something has changed: sent, failed, a picture is there.

        Args:
            touched: Conversations where something happened.
            interest: What open pages are about.
        """
        held = self.held(touched, interest)
        conversations = _wanted(held, interest).intersection(touched)
        found = [*_last_rows(conversations), *_rows(self._due())]
        rows = {row.id: row for row in found}
        changed = [
            number
            for number, delivery in deliveries(list(rows.values())).items()
            if self._is_news(rows[number], delivery)
        ]
        lines = desk_transcript.lines_of_messages(changed)
        for _, line in lines:
            self._know(line)
        shown = [NewLine(of, line, rendered(line), again=True) for of, line in lines]
        more = {of for of, _ in lines}.difference(touched)
        held += self.held(more, interest)
        return News(lines=shown, held=held, unsent=_unsent(touched, interest.logins))

    def held(self, conversations: Collection[str], interest: Interest) -> list[Held]:
        """Return who has the customers of conversations: what is open, and what pages show."""
        return _held(conversations, interest) if conversations else []

    def _due(self) -> Collection[int]:
        """Return what is under way, once a second: bells tell most of what becomes of it."""
        now = time.monotonic()
        if now - self._looked_at < _AGAIN_SECONDS:
            return ()
        self._looked_at = now
        with self._lock:
            return tuple(self._under_way)

    def _is_news(self, row: Any, delivery: Delivery) -> bool:
        known = self._known.get(row.id)
        if known is not None:
            return known != delivery
        # What has been well for long is so on the pages too.
        is_old = row.created_at < time.time() - _OLD_SECONDS
        return not (is_old and delivery.state in ("", "sent") and not delivery.notes)

    def _know(self, line: Line) -> None:
        if not line.message:
            return
        with self._lock:
            _put(self._known, line.message, line.delivery, _MOST_KNOWN)
            if line.state == "sending" or line.file_state == "pending":
                _put(self._under_way, line.message, None, _MOST_UNDER_WAY)
            else:
                self._under_way.pop(line.message, None)


def _put(known: OrderedDict[int, Any], number: int, value: Any, most: int) -> None:
    known[number] = value
    known.move_to_end(number)
    if len(known) > most:
        known.popitem(last=False)


def rendered(line: Line) -> str:
    """Return a line's HTML."""
    return fragment("_line.html", line=line)


def _held(conversations: Collection[str], interest: Interest) -> list[Held]:
    shown = {n for of in conversations for n in interest.shown.get(of, ())}
    columns = (
        handoffs.c.id,
        handoffs.c.conversation,
        handoffs.c.state,
        handoffs.c.agent,
        handoffs.c.closed_at,
    )
    which = or_(handoffs.c.open_key.in_(list(conversations)), handoffs.c.id.in_(shown))
    with reading() as connection:
        return [Held(*row) for row in connection.execute(select(columns).where(which))]


def _unsent(conversations: Collection[str], logins: Collection[str]) -> set[str]:
    """Return whose words failed to be sent, of those whose service has ended lately."""
    if not conversations:
        return set()
    query = (
        select(handoffs.c.agent)
        .distinct()
        .select_from(handoffs.join(sends, sends.c.conversation == handoffs.c.conversation))
        .where(
            handoffs.c.conversation.in_(list(conversations)),
            handoffs.c.closed_at > time.time() - _LATELY_SECONDS,
            handoffs.c.agent.in_(list(logins)),
            sends.c.state == "dead",
        )
    )
    with reading() as connection:
        return set(connection.execute(query).scalars())


def _wanted(held: Iterable[Held], interest: Interest) -> set[str]:
    """Return the conversations that somebody has on the screen, or has at all."""
    had = (one for one in held if one.state == "agent" and one.agent in interest.logins)
    return {one.conversation for one in had} | set(interest.shown)


def _of(found: Iterable[tuple[int, str]], conversations: set[str]) -> list[int]:
    return [number for number, conversation in found if conversation in conversations]


def _happened(ids: Iterable[int]) -> list[Happened]:
    wanted = list(ids)
    if not wanted:
        return []
    columns = (
        handoff_events.c.handoff,
        handoff_events.c.conversation,
        handoff_events.c.kind,
        handoff_events.c.actor,
        handoff_events.c.target,
        handoffs.c.state,
        handoffs.c.agent,
    )
    query = (
        select(columns)
        .select_from(handoff_events.join(handoffs, handoffs.c.id == handoff_events.c.handoff))
        .where(handoff_events.c.id.in_(wanted), handoff_events.c.kind.not_in(SILENT))
        .order_by(handoff_events.c.id)
    )
    with reading() as connection:
        return [Happened(*row) for row in connection.execute(query)]


_ROW = (
    messages.c.id,
    messages.c.conversation,
    messages.c.author,
    messages.c.kind,
    messages.c.state,
    messages.c.created_at,
)


def _rows(ids: Collection[int]) -> list[Any]:
    if not ids:
        return []
    query = select(_ROW).where(messages.c.id.in_(list(ids)))
    with reading() as connection:
        found: list[Any] = connection.execute(query).all()
    return found


def _last_rows(conversations: Iterable[str]) -> list[Any]:
    rows: list[Any] = []
    with reading() as connection:
        for conversation in conversations:
            mine = messages.c.conversation == conversation
            last = select(_ROW).where(mine).order_by(messages.c.id.desc()).limit(_LOOKED_AT)
            rows += connection.execute(last).all()
    return rows
