"""Rasa's per-conversation lock without polling: the next in line is woken at once.

In `endpoints.yml`:

    lock_store:
      type: kefu.storage.lock_store.KefuLockStore

It orders the messages of one Rasa process.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockError, LockStore
from rasa.utils.endpoints import EndpointConfig


@dataclass(eq=False)
class _Place:
    """One place in the queue of a conversation; the first place holds the lock."""

    expires: float  # on the monotonic clock
    wake: asyncio.Event = field(default_factory=asyncio.Event)


_Queue = deque[_Place]


class KefuLockStore(LockStore):
    """First come, first served, within one process.

    A lifetime counts from the moment the lock is asked for, as in Rasa: a holder that
    exceeds it loses the lock to the next in line, someone waiting gives up.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None) -> None:
        """Start with no locks; `endpoint_config` is what Rasa passes and holds nothing."""
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = 1,
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold the conversation for the length of the `async with` block.

        Args:
            conversation_id: Who may be spoken with by one turn at a time.
            lock_lifetime: Seconds until a holder or someone waiting loses its place.
            wait_time_in_seconds: Rasa's polling interval; unused.

        Raises:
            LockError: The lifetime ended before it was this one's turn.
        """
        queue = self._queues.setdefault(conversation_id, deque())
        place = _Place(time.monotonic() + lock_lifetime)
        queue.append(place)
        try:
            await _wait_for_turn(place, queue)
            yield self.create_lock(conversation_id)
        finally:
            self._leave(conversation_id, queue, place)

    def is_someone_waiting(self, conversation_id: str) -> bool:
        """Tell whether anyone holds the lock or waits for it."""
        return conversation_id in self._queues

    def _leave(self, conversation_id: str, queue: _Queue, place: _Place) -> None:
        if place in queue:
            queue.remove(place)
        if queue:
            queue[0].wake.set()
        elif self._queues.get(conversation_id) is queue:
            del self._queues[conversation_id]


async def _wait_for_turn(place: _Place, queue: _Queue) -> None:
    while queue[0] is not place:
        left = min(place.expires, queue[0].expires) - time.monotonic()
        if left > 0:
            try:
                await asyncio.wait_for(place.wake.wait(), left)
            except asyncio.TimeoutError:
                continue
            place.wake.clear()
        elif queue[0].expires < place.expires:
            queue.popleft()
        else:
            raise LockError("这个会话的上一条消息还在处理，等待超时，请稍后再试")
