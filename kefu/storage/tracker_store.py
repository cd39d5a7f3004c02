"""Rasa's tracker store on our database: encrypted, append-only, off the event loop.

In `endpoints.yml`:

    tracker_store:
      type: kefu.storage.tracker_store.KefuTrackerStore
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple, TypeVar

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from kefu.errors import KefuError
from kefu.storage import migrate
from kefu.storage.engine import reading, writing
from kefu.storage.tables import tracker_events, trackers

_MARK = "_kefu_mark"
_WORKERS = 4

# Statements stand here because building one takes longer than running it.
_ALL_EVENTS = (
    select(trackers.c.events, trackers.c.session_start, tracker_events.c.data)
    .join(tracker_events, tracker_events.c.sender == trackers.c.sender)
    .where(trackers.c.sender == bindparam("conversation"))
    .order_by(tracker_events.c.seq)
)
_LAST_SESSION = _ALL_EVENTS.where(tracker_events.c.seq >= trackers.c.session_start)
_NEW_HEAD = insert(trackers)
_NEXT_HEAD = update(trackers).where(
    trackers.c.sender == bindparam("conversation"), trackers.c.events == bindparam("before")
)
_NEW_EVENTS = insert(tracker_events)

Result = TypeVar("Result")


class TrackerConflict(KefuError):
    """Raised when a conversation was saved by someone else since it was loaded."""


class _Mark(NamedTuple):
    """What a tracker that came from this store already has in the database."""

    loaded: int  # events in the tracker that are stored
    stored: int  # events of the whole conversation that are stored
    session_start: int


class _Change(NamedTuple):
    """One save, taken from the tracker on the event loop and written off it."""

    sender: str
    mark: _Mark | None
    events: Sequence[dict[str, Any]]
    session_start: int
    active_loop: str | None

    @property
    def stored(self) -> int:
        """Return how many events the conversation has once this is written."""
        return (self.mark.stored if self.mark else 0) + len(self.events)


class KefuTrackerStore(TrackerStore):
    """Keep conversations in `tracker_events`, one encrypted row an event.

    A tracker remembers how much of it is stored, so that a save appends what is new
    whether the last session or the whole conversation had been loaded. A tracker that
    did not come from this store replaces the conversation, as with Rasa's own stores.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Bring the database to the current schema.

        Args:
            domain: The model's domain; Rasa sets it again when a model is loaded.
            event_broker: Receives every event after it is stored.
            host: What `url` says in endpoints.yml; unused, the environment decides.
            kwargs: Other keys of endpoints.yml; unused.

        Raises:
            SchemaError: The database cannot be brought to the schema of this version.
        """
        super().__init__(domain, event_broker)
        migrate.upgrade()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="trackers")

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """Make an empty tracker of a conversation that is not stored yet."""
        tracker = super().init_tracker(sender_id)
        _mark(tracker, _Mark(0, 0, 0))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are not stored yet, then publish them.

        Raises:
            TrackerConflict: Someone else saved the conversation since it was loaded.
        """
        events = _new_events(tracker)
        if not events:
            return
        change = _change(tracker, events)
        await self._run(lambda: _write(change))
        _mark(tracker, _Mark(len(tracker.events), change.stored, change.session_start))
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, events, tracker.sender_id)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Load the last session, from the last `action_session_start` on."""
        return await self._run(lambda: self._load(sender_id, whole=False))

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Load all sessions."""
        return await self._run(lambda: self._load(conversation_id, whole=True))

    async def exists(self, conversation_id: str) -> bool:
        """Tell whether the conversation has events, without loading them."""
        return await self._run(lambda: has_events(conversation_id))

    async def keys(self) -> Iterable[str]:
        """List the conversation ids."""
        return await self._run(_senders)

    def _load(self, sender: str, whole: bool) -> DialogueStateTracker | None:
        rows = _read(sender, whole)
        if not rows:
            return None
        events = [_event(data) for data in _parsed(rows)]
        tracker = DialogueStateTracker.from_events(sender, events, self.domain.slots)
        _mark(tracker, _Mark(len(tracker.events), rows[0].events, rows[0].session_start))
        return tracker

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def is_stored(tracker: DialogueStateTracker) -> bool:
    """Tell whether all of a tracker is in the database.

    Where the database fails, Rasa goes on with trackers in memory, and says so to nobody.
    """
    mark = _mark_of(tracker)
    return mark is not None and mark.loaded == len(tracker.events)


@cache
def _event_class(name: str) -> type[Event]:
    kind: type[Event] = Event.resolve_by_type(name)
    return kind


def _event(data: dict[str, Any]) -> Event:
    # Event.from_parameters searches all subclasses for every event, which takes more
    # than half the time of loading a conversation.
    return _event_class(data["event"])._from_parameters(data)


def _parsed(rows: Sequence[Any]) -> list[dict[str, Any]]:
    # Reading one document takes a fifth less time than reading as many as there are events.
    parsed: list[dict[str, Any]] = json.loads(f"[{','.join(row.data for row in rows)}]")
    return parsed


def _mark(tracker: DialogueStateTracker, mark: _Mark) -> None:
    setattr(tracker, _MARK, mark)


def _mark_of(tracker: DialogueStateTracker) -> _Mark | None:
    mark: _Mark | None = getattr(tracker, _MARK, None)
    return mark


def _new_events(tracker: DialogueStateTracker) -> list[Event]:
    mark = _mark_of(tracker)
    return list(itertools.islice(tracker.events, mark.loaded if mark else 0, None))


def _change(tracker: DialogueStateTracker, events: Sequence[Event]) -> _Change:
    mark = _mark_of(tracker)
    first, start = (mark.stored, mark.session_start) if mark else (0, 0)
    for offset, event in enumerate(events):
        if isinstance(event, ActionExecuted) and event.action_name == ACTION_SESSION_START_NAME:
            start = first + offset
    records = [event.as_dict() for event in events]
    return _Change(tracker.sender_id, mark, records, start, tracker.active_loop_name)


def _write(change: _Change) -> None:
    try:
        with writing() as connection:
            _write_head(connection, change)
            first = change.stored - len(change.events)
            connection.execute(
                _NEW_EVENTS,
                [_row(change.sender, first + n, event) for n, event in enumerate(change.events)],
            )
    except IntegrityError:
        raise _conflict() from None


def _write_head(connection: Connection, change: _Change) -> None:
    """Move the head row on; the count of stored events in it decides who comes first."""
    head = {
        "events": change.stored,
        "session_start": change.session_start,
        "active_loop": change.active_loop,
        "saved_at": time.time(),
    }
    if change.mark is None:
        for table in (tracker_events, trackers):
            connection.execute(delete(table).where(table.c.sender == change.sender))
    if change.mark is None or change.mark.stored == 0:
        connection.execute(_NEW_HEAD, {"sender": change.sender, **head})
        return
    ours = {"conversation": change.sender, "before": change.mark.stored}
    if connection.execute(_NEXT_HEAD, {**ours, **head}).rowcount != 1:
        raise _conflict()


def _row(sender: str, seq: int, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender": sender,
        "seq": seq,
        "type": event["event"],
        "timestamp": event.get("timestamp") or time.time(),
        "data": json.dumps(event),
    }


def _conflict() -> TrackerConflict:
    return TrackerConflict("同一会话正被另一进程处理，这一轮没有保存，请重试")


def _read(sender: str, whole: bool) -> list[Any]:
    query = _ALL_EVENTS if whole else _LAST_SESSION
    with reading() as connection:
        rows: list[Any] = connection.execute(query, {"conversation": sender}).all()
    return rows


def has_events(sender: str) -> bool:
    """Tell whether anything of a conversation is in the database."""
    with reading() as connection:
        query = select(trackers.c.events).where(trackers.c.sender == sender)
        return connection.execute(query).first() is not None


def _senders() -> list[str]:
    with reading() as connection:
        return list(connection.execute(select(trackers.c.sender)).scalars())
