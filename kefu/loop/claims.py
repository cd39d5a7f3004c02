"""Who has which answer on the screen, so that two reviewers do not look at the same one."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock

# Whoever has left the page open longer than this may be overtaken.
_SECONDS = 600.0


class Claims:
    """Kept in memory: where several consoles run, the second verdict is refused instead."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[str, float]] = {}
        self._lock = Lock()

    def claim(self, answer: Hashable, login: str, now: float) -> bool:
        """Take an answer; tell whether it was free. Others of the same person's become free."""
        with self._lock:
            holder, until = self._held.get(answer, (login, 0.0))
            if holder != login and until > now:
                return False
            kept = {a: held for a, held in self._held.items() if held[0] != login and held[1] > now}
            self._held = {**kept, answer: (login, now + _SECONDS)}
            return True
