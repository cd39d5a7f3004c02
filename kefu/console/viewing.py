"""What the access log is told of who reads which conversation."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import select

from kefu.staff import access
from kefu.staff.people import Person
from kefu.storage.engine import reading
from kefu.storage.tables import access_log

_ACTION = "view_conversation"
# A page that reads on, or comes back after a lost connection, is the same view so long.
_SAME_VIEW_SECONDS = 3600.0
_MOST_KNOWN = 20_000


@dataclass(frozen=True)
class View:
    """Somebody is given text of the conversation of a handoff."""

    person: Person
    handoff: int
    conversation: str
    address: str

    @property
    def detail(self) -> str:
        """Return what stands in the log beside the conversation."""
        return f"编号 {self.handoff}"


def opened(view: View, now: float) -> None:
    """Note that somebody opens a conversation. `now` is in UTC seconds."""
    access.note(
        view.person.login,
        _ACTION,
        staff=view.person.id,
        conversation=view.conversation,
        detail=view.detail,
        address=view.address,
        now=now,
    )


def read_on(view: View, now: float) -> None:
    """Note that somebody is given text, where the log does not tell of it yet."""
    log = access_log.c
    same = (log.conversation == view.conversation) & (log.login == view.person.login)
    same &= (log.action == _ACTION) & (log.detail == view.detail)
    query = select(log.id).where(same, log.at > now - _SAME_VIEW_SECONDS).limit(1)
    with reading() as connection:
        is_known = connection.execute(query).first() is not None
    if not is_known:
        opened(view, now)


class Views:
    """What open pages were told; written to the log apart from the telling."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._known: dict[tuple[str, int], float] = {}
        self._unwritten: dict[tuple[str, int], View] = {}
        self._lock = Lock()

    def told(self, views: Iterable[View]) -> None:
        """Remember views until they are written."""
        since = time.monotonic() - _SAME_VIEW_SECONDS
        with self._lock:
            for view in views:
                key = (view.person.login, view.handoff)
                if self._known.get(key, since) <= since:
                    self._unwritten[key] = view

    def write(self) -> None:
        """Write what the log does not tell yet. It waits for the database."""
        for key, view in list(self._unwritten.items()):
            read_on(view, time.time())
            with self._lock:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = time.monotonic()
                self._unwritten.pop(key, None)
