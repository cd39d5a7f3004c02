"""How far a long job is: told to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

# What is being done (Chinese), how much of it is done, and of how much; 0: nobody knows.
# It may raise to stop the job, which then leaves nothing behind.
Tell = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _total: int) -> None:
    """Show nothing."""


class Bytes:
    """Counts the bytes of several files of one job."""

    def __init__(self, tell: Tell, what: str, total: int) -> None:
        """Take whom to tell, what is being done, and the bytes of all files."""
        self._tell, self._what, self._total = tell, what, total
        self._done = 0

    def add(self, count: int) -> None:
        """Count some more."""
        self._done += count
        self._tell(self._what, self._done, max(self._total, self._done))
