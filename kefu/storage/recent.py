"""What a process still knows of the conversations it had to do with last."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by conversation; beyond `limit` the one set longest ago is forgotten.

    It only saves work: whoever asks must be able to do without what is forgotten.
    """

    def __init__(self, limit: int = 2000) -> None:
        self._limit = limit
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, conversation: str) -> Value | None:
        """Return what was set last; None when that is nothing, or forgotten."""
        return self._values.get(conversation)

    def set(self, conversation: str, value: Value) -> None:
        """Remember a value."""
        with self._lock:
            self._values[conversation] = value
            self._values.move_to_end(conversation)
            if len(self._values) > self._limit:
                self._values.popitem(last=False)
