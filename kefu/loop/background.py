"""What takes seconds to compute: made in the background, kept, and made anew when it is old."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Generic, TypeAlias, TypeVar

_T = TypeVar("_T")
# What was made, from which stamp, when it was begun and how many seconds it took.
_Coming: TypeAlias = "Future[tuple[_T, Hashable, float, float]]"

# As long as this a page waits for what may come at once.
PATIENCE_SECONDS = 0.3
# After each making so many times as long nothing is made: a large knowledge base that is
# edited all day must not keep a core busy all day.
_REST = 5.0


@dataclass(frozen=True)
class Known(Generic[_T]):
    """What is known at the moment.

    Attributes:
        value: None where nothing was made yet.
        made_at: UTC seconds.
        working: Whether it is being made, the first time or anew.
    """

    value: _T | None
    made_at: float
    working: bool


@dataclass
class _Slot(Generic[_T]):
    value: _T | None = None
    made_at: float = 0.0
    stamp: Hashable = None
    rests_until: float = 0.0
    coming: _Coming[_T] | None = None


class Kept(Generic[_T]):
    """Values by their keys; the least used go. An old one is served until the new one is there.

    One is made at a time; what is quick does not wait for what other instances make.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._one_at_a_time = Lock()
        self._slots: OrderedDict[Hashable, _Slot[_T]] = OrderedDict()
        self._lock = Lock()

    def get(
        self,
        key: Hashable,
        make: Callable[[], _T],
        stamp: Hashable = None,
        seconds: float = float("inf"),
        patience: float = PATIENCE_SECONDS,
    ) -> Known[_T]:
        """Return what is known of a key; raises what `make` raised.

        Args:
            key: What is asked for.
            make: Makes the value; runs in another thread.
            stamp: What the value is made from; another stamp makes it old.
            seconds: How long it stays new.
            patience: How long to wait where there is no value yet.
        """
        with self._lock:
            slot = self._slot(key)
            self._take(slot)
            now = time.time()
            is_new = slot.stamp == stamp and now - slot.made_at < seconds and slot.made_at > 0
            if slot.coming is None and not is_new and now >= slot.rests_until:
                slot.coming = self._begun(make, stamp)
            coming = slot.coming
        if slot.value is None and coming is not None:
            wait([coming], patience)
        with self._lock:
            self._take(slot)
            return Known(slot.value, slot.made_at, slot.coming is not None)

    def expire(self) -> None:
        """Let everything be made anew when it is asked for the next time."""
        with self._lock:
            for slot in self._slots.values():
                slot.made_at = 0.0

    def _slot(self, key: Hashable) -> _Slot[_T]:
        slot = self._slots.setdefault(key, _Slot())
        self._slots.move_to_end(key)
        while len(self._slots) > self._most:
            self._slots.popitem(last=False)
        return slot

    def _take(self, slot: _Slot[_T]) -> None:
        coming = slot.coming
        if coming is not None and coming.done():
            slot.coming = None
            slot.value, slot.stamp, slot.made_at, took = coming.result()
            slot.rests_until = slot.made_at + took * (1 + _REST)

    def _begun(self, make: Callable[[], _T], stamp: Hashable) -> _Coming[_T]:
        coming: _Coming[_T] = Future()
        # Nobody waits for it when the process ends.
        work = Thread(target=self._make, args=(coming, make, stamp), name="kept", daemon=True)
        work.start()
        return coming

    def _make(self, coming: _Coming[_T], make: Callable[[], _T], stamp: Hashable) -> None:
        with self._one_at_a_time:
            begun = time.time()
            try:
                value = make()
            except Exception as error:  # whatever it is, it is raised where the value is asked for
                coming.set_exception(error)
            else:
                coming.set_result((value, stamp, begun, time.time() - begun))
