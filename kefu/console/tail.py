"""Following a table that only grows, by the numbers of its rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from kefu.storage.engine import reading

_MOST = 2000


class Tail:
    """Finds the rows that were added to a table since the last look.

    Numbers are given out before rows are committed, so that a row may appear after one
    with a greater number: the last seconds are looked at again.
    """

    SETTLED_SECONDS = 5.0

    def __init__(
        self, number: Any, conversation: Any, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the columns with the number of a row and its conversation."""
        self._number = number
        self._conversation = conversation
        self._clock = clock
        self._done = 0
        self._seen: dict[int, float] = {}

    def skip(self) -> None:
        """Take all that is there for seen."""
        with reading() as connection:
            self._done = connection.execute(select(func.max(self._number))).scalar() or 0
        self._seen.clear()

    def new(self) -> list[tuple[int, str]]:
        """Return number and conversation of what is new, in order."""
        query = (
            select(self._number, self._conversation)
            .where(self._number > self._done)
            .order_by(self._number)
            .limit(_MOST + len(self._seen))
        )
        with reading() as connection:
            rows = connection.execute(query).all()
        fresh = [(row[0], row[1]) for row in rows if row[0] not in self._seen]
        now = self._clock()
        self._seen.update((number, now) for number, _ in fresh)
        self._settle(now)
        return fresh

    def _settle(self, now: float) -> None:
        """Forget what no row can still come before."""
        for number in sorted(self._seen):
            if self._seen[number] > now - self.SETTLED_SECONDS:
                return
            self._done = number
            del self._seen[number]
