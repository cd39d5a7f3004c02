"""The open pages of people, and what each has yet to be told."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kefu.console.news import Held, Interest
from kefu.console.rights import holds, may_open, readable_until
from kefu.staff.people import Person

# A page that falls behind further than this reads everything anew.
MOST = 200
# Tabs of one browser share a stream; so many conversations at most are on their screens.
MOST_SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """A handoff that a page shows."""

    number: int
    conversation: str


@dataclass(eq=False)
class Stream:
    """The events for one open page.

    Attributes:
        person: Who is signed in there.
        session: Name of the session (the hash of its token).
        shown: The handoffs on the screen: of this page, and of other tabs that it tells.
        address: Network address of the browser.
        lists: The last text of each list that the page was sent.
        wants: Names of the lists that the page has to be sent.
        ended: No event will come any more.
    """

    person: Person
    session: str
    shown: tuple[Shown, ...] = ()
    address: str = ""
    lists: dict[str, str] = field(default_factory=dict)
    wants: set[str] = field(default_factory=set)
    ended: bool = False
    _waiting: list[bytes] = field(default_factory=list)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Tell whether the page has been told everything that it ever will be."""
        return self.ended and not self._waiting

    def put(self, event: bytes) -> None:
        """Add an event; where too many wait, the page is told to read everything anew."""
        if len(self._waiting) >= MOST:
            self._waiting = [encoded("reload", {})]
            self.lists.clear()
        else:
            self._waiting.append(event)
        self._ready.set()

    def end(self, last: bytes = b"") -> None:
        """Send a last event, and no more."""
        self._waiting.append(last)
        self.ended = True
        self._ready.set()

    async def take(self, seconds: float) -> bytes:
        """Return the events that wait, nothing when none comes for so long."""
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except asyncio.TimeoutError:
            return b""
        self._ready.clear()
        taken, self._waiting = self._waiting, []
        return b"".join(taken)

    def shows(self, held: Held) -> bool:
        """Tell whether the page shows a handoff that its person may (still) read."""
        return self.has_on_screen(held.id) and may_open(self.person, held)

    def has_on_screen(self, number: int) -> bool:
        """Tell whether the page shows the handoff of that number."""
        return any(shown.number == number for shown in self.shown)

    def is_for(self, held: Held, at: float) -> bool:
        """Tell whether the page is to be told what was said at some time (UTC seconds)."""
        if not self.shows(held):
            return holds(self.person, held)
        until = readable_until(self.person, held)
        return until is None or at <= until


class Streams:
    """All streams of this process."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()

    def __iter__(self) -> Iterator[Stream]:
        return iter(tuple(self._streams))

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: Stream) -> None:
        """Add one."""
        self._streams.add(stream)

    def remove(self, stream: Stream) -> None:
        """Forget one."""
        self._streams.discard(stream)

    def interest(self) -> Interest:
        """Return what the pages are about."""
        shown: dict[str, set[int]] = defaultdict(set)
        for stream in self._streams:
            for one in stream.shown:
                shown[one.conversation].add(one.number)
        logins = frozenset(stream.person.login for stream in self._streams)
        return Interest(logins, {of: frozenset(numbers) for of, numbers in shown.items()})


def encoded(kind: str, data: dict[str, Any], number: int = 0) -> bytes:
    """Return one event of a text/event-stream."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {kind}\ndata: {told}\n\n".encode()
