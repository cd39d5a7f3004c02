"""What happened, in full, for benchmarks and tests."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from kefu.wechat_double.refusals import ControlRefused

_KEPT = 300_000  # rows of each kind


class Record:
    """Every message the account sent, every push, and the calls by errcode."""

    def __init__(self) -> None:
        self.sends: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.pushes: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._calls: Counter[tuple[str, int]] = Counter()

    def call(self, path: str, code: int) -> None:
        """Count one call of the API."""
        self._calls[path, code] += 1

    def shown(self, kind: str) -> list[dict[str, Any]]:
        """Return one kind of rows, oldest first. Raises ControlRefused."""
        if kind == "sends":
            return list(self.sends)
        if kind == "pushes":
            return list(self.pushes)
        if kind == "calls":
            return [
                {"path": path, "errcode": code, "count": number}
                for (path, code), number in self._calls.items()
            ]
        raise ControlRefused("kind 只能是 sends、pushes、calls")

    def clear(self) -> None:
        """Forget everything."""
        self.sends.clear()
        self.pushes.clear()
        self._calls.clear()
