"""What those who wait are told unasked: where they stand, and that it takes too long."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, update
from sqlalchemy.engine import Connection

from kefu import rings
from kefu.handoff import notice, queue
from kefu.handoff.history import TOLD, last_event, note_in
from kefu.handoff.queue import Place
from kefu.handoff.records import Handoff
from kefu.handoff.room import takes
from kefu.settings import settings
from kefu.storage import messages
from kefu.storage.engine import reading, writing
from kefu.storage.tables import handoffs

# WeChat takes five messages for one of the customer's: some are for the person's words.
_MOST_UPDATES = 2
_LEFT_BY_UPDATE = 2
_LEFT_BY_LATE = 1


def tell_waiting(waiting: list[Handoff], now: float) -> None:
    """Tell those for whom it is time how many are before them, and for how long.

    Only what has changed is told, every `waiting_update_minutes`, and twice at most.
    """
    pause = settings().handoff.waiting_update_minutes * 60
    due = [h for h in waiting if pause and _may_hear(h) and _last_told(h) <= now - pause]
    places = queue.places(waiting, now) if due else {}
    for handoff in due:
        if _is_news(handoff, places[handoff.id]) and takes(
            handoff.conversation, now, _LEFT_BY_UPDATE
        ):
            _tell(handoff, places[handoff.id], now)


def tell_late(waiting: Iterable[Handoff], now: float) -> None:
    """Tell those who wait longer than `waiting_limit_minutes`, once, that they may leave a word."""
    limit = settings().handoff.waiting_limit_minutes * 60
    for handoff in waiting:
        late = handoff.late_told_at is None and handoff.waits_since <= now - limit
        if late and takes(handoff.conversation, now, _LEFT_BY_LATE):
            _tell_late(handoff, now)


def _may_hear(handoff: Handoff) -> bool:
    return handoff.updates_told < _MOST_UPDATES and handoff.late_told_at is None


def _last_told(handoff: Handoff) -> float:
    return max(handoff.told_at or 0.0, handoff.active_at)


def _is_news(handoff: Handoff, place: Place) -> bool:
    with reading() as connection:
        before = last_event(connection, handoff.id, TOLD)
    return before is None or before.detail != notice.place_detail(place)


def _tell(handoff: Handoff, place: Place, now: float) -> None:
    # Who has just been told that it takes too long knows enough.
    once = and_(handoffs.c.updates_told == handoff.updates_told, handoffs.c.late_told_at.is_(None))
    again = {"updates_told": handoff.updates_told + 1, "told_at": now}
    text = notice.update_of(place)
    with writing() as connection:
        if not _still_waits(connection, handoff, once, again):
            return
        notice.note_told(connection, handoff, place, now)
        messages.add_in(connection, handoff.conversation, "system", text, now)
    rings.message_waits(handoff.conversation)


def _tell_late(handoff: Handoff, now: float) -> None:
    once, again = handoffs.c.late_told_at.is_(None), {"late_told_at": now, "told_at": now}
    with writing() as connection:
        if not _still_waits(connection, handoff, once, again):
            return
        note_in(connection, handoff.id, handoff.conversation, "late", now)
        messages.add_in(connection, handoff.conversation, "bot", notice.late(), now)
    rings.message_waits(handoff.conversation)


def _still_waits(
    connection: Connection, handoff: Handoff, once: object, again: dict[str, float]
) -> bool:
    waits = (handoffs.c.id == handoff.id) & (handoffs.c.state == "waiting")
    change = update(handoffs).where(waits, once).values(**again)
    changed: int = connection.execute(change).rowcount
    return changed == 1
