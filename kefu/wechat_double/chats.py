"""What stands in a customer's chat with an account."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Literal

Author = Literal["customer", "account", "notice", "agent", "event"]
Delivered = Literal["pending", "acknowledged", "transferred", "failed"]

KEPT = 500  # entries of one chat


@dataclass
class Entry:
    """One line of a chat.

    Attributes:
        seq: Number that orders the lines of all chats.
        at: Real time, in seconds since 1970.
        author: Who it comes from.
        type: Message type, or the event's name.
        payload: Its content.
        ai: Whether the account marked it as written by an AI.
        delivery: How far the push got that carries it, None when there is none.
        changed: Number of the last change, from the same count as `seq`.
    """

    seq: int
    at: float
    author: Author
    type: str
    payload: dict[str, Any]
    ai: bool = False
    delivery: Delivered | None = None
    changed: int = 0

    def shown(self) -> dict[str, Any]:
        """Return the line for the control API."""
        return {name: value for name, value in asdict(self).items() if name != "changed"}


class Chat:
    """The last lines of one chat, and whoever waits for the next.

    `numbers` is shared by all chats, so that a `seq` names one line of the double.
    """

    def __init__(self, time: Callable[[], float], numbers: count[int]) -> None:
        self._time = time
        self._numbers = numbers
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._news = asyncio.Event()
        self.last = 0

    def add(
        self,
        author: Author,
        type_: str,
        payload: dict[str, Any],
        *,
        ai: bool = False,
        delivery: Delivered | None = None,
    ) -> Entry:
        """Append a line and return it."""
        self.last = next(self._numbers)
        entry = Entry(self.last, self._time(), author, type_, payload, ai, delivery, self.last)
        self._entries.append(entry)
        self.wake()
        return entry

    def mark(self, entry: Entry, delivery: Delivered) -> None:
        """Note how far a line got."""
        self.touch()
        entry.delivery, entry.changed = delivery, self.last

    def find(self, seq: int) -> Entry | None:
        """Return the line of that number, None when it is gone."""
        return next((entry for entry in self._entries if entry.seq == seq), None)

    def since(self, number: int) -> tuple[list[Entry], list[Entry]]:
        """Return the lines that are new after `number`, and older ones that changed since."""
        changed = [entry for entry in self._entries if entry.changed > number]
        new = [entry for entry in changed if entry.seq > number]
        return new, [entry for entry in changed if entry.seq <= number]

    def touch(self) -> None:
        """Note that something changed beside the lines."""
        self.last = next(self._numbers)
        self.wake()

    def wake(self) -> None:
        """Let everyone look who waits."""
        self._news.set()
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next change, or after `seconds`."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            pass
