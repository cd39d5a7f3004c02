"""The double's clock, which tests may move ahead."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Two times: the real one, and one that can be moved ahead.

    Quotas, tokens, media and sessions run out by the moved one. Pushes carry the
    real one: a receiver may rightly refuse a signature of another day.
    """

    def __init__(self, real: Callable[[], float]) -> None:
        self.real = real
        self._ahead = 0.0

    def now(self) -> float:
        """Return the moved time, in seconds since 1970."""
        return self.real() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move ahead."""
        self._ahead += seconds
