"""Filling the outbox for the helpdesk from what the database says has happened.

Nothing that happens in a conversation depends on it: what has not been told yet is found
by what is missing in the outbox, so that a crash loses nothing and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.engine import Connection

from kefu.helpdesk import events, untold
from kefu.helpdesk.events import Event
from kefu.helpdesk.untold import ENDS, Known
from kefu.storage.engine import reading, writing
from kefu.storage.tables import helpdesk_events
from kefu.storage.upsert import insert_or_ignore


class Pump:
    """Finds what the helpdesk has not been told, and puts it into the outbox."""

    def __init__(self) -> None:
        # Handoffs whose end has not been told; None: not looked up yet.
        self._unfinished: set[int] | None = None
        # What is older than the last look at everything, and a bit, has been told.
        self._told_until = 0.0

    def fill(self, now: float, only: Iterable[str] | None = None) -> int:
        """Put what is new into the outbox; return how many events that are.

        Args:
            now: UTC seconds.
            only: Conversations to look at; None: all.
        """
        which = None if only is None else list(only)
        with reading() as connection:
            found = untold.requests(connection, which)
            known = untold.known(connection, which, self._unfinished)
            found += untold.later(connection, known, self._told_until, now)
        added = _add(found, now) if found else 0
        self._remember(found, known, which is None)
        if which is None:
            self._told_until = now - untold.RECENT_SECONDS
        return added

    def forget(self) -> None:
        """Forget what is remembered, as another process may have gone on."""
        self._unfinished, self._told_until = None, 0.0

    def _remember(self, found: Sequence[Event], known: Sequence[Known], all_of_them: bool) -> None:
        if self._unfinished is None and not all_of_them:
            return
        before = set() if all_of_them else self._unfinished or set()
        asked = {event.handoff for event in found if event.kind == events.REQUESTED}
        over = {event.handoff for event in found if event.kind in ENDS}
        self._unfinished = (before | asked | {handoff.row.id for handoff in known}) - over


def _add(found: Sequence[Event], now: float) -> int:
    added = 0
    with writing() as connection:
        for event in found:
            if _insert(connection, event, event.id, event.kind, event.about, event.body, now):
                added += 1
                # They went along with this one, whose row says so in the same moment.
                for message, id_ in event.told.items():
                    _insert(connection, event, id_, events.MESSAGE, message, "", now, "sent")
    return added


def _insert(
    connection: Connection,
    event: Event,
    id_: str,
    kind: str,
    about: int | None,
    body: str,
    now: float,
    state: str = "pending",
) -> bool:
    made = insert_or_ignore(
        connection,
        helpdesk_events,
        on=("event",),
        event=id_,
        conversation=event.conversation,
        handoff=event.handoff,
        kind=kind,
        message=about,
        body=body,
        state=state,
        attempts=0,
        next_at=now,
        created_at=now,
        done_at=None if state == "pending" else now,
    )
    return made is not None
