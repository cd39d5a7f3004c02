"""Limits on how often one customer, and all together, may write."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from kefu.settings import Reception

_MAX_CUSTOMERS = 50_000


class Limiter:
    """Counts messages in moving windows: a minute for each customer, a second for all.

    Counts live in this process. A refused message is not counted, so that waiting helps.
    """

    def __init__(
        self, limits: Callable[[], Reception], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what tells the limits of the moment, and a clock in seconds."""
        self._limits = limits
        self._clock = clock
        self._customers: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def allows(self, customer: str) -> bool:
        """Count one message and return whether it is within both limits."""
        now, limits = self._clock(), self._limits()
        mine = self._customers.setdefault(customer, deque())
        self._customers.move_to_end(customer)
        if len(self._customers) > _MAX_CUSTOMERS:
            self._customers.popitem(last=False)
        _forget(mine, now - 60)
        _forget(self._all, now - 1)
        if len(mine) >= limits.per_customer_per_minute:
            return False
        if len(self._all) >= limits.total_per_second:
            return False
        mine.append(now)
        self._all.append(now)
        return True


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
