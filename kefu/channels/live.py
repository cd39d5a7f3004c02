"""What the Rasa process hears from the desk: something waits for a customer, somebody types."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kefu import rings
from kefu.bell import Listener
from kefu.storage.recent import Recent

logger = logging.getLogger(__name__)

# Whoever is typing says so every few seconds.
TYPING_SECONDS = 6.0
# Nothing is missed for longer where a ring gets lost.
_LISTEN_SECONDS = 60.0


class Waiting:
    """One request that waits for a ring."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake it, now or when it waits next."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when it was rung for since the last time, or after so many seconds."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except asyncio.TimeoutError:
            return
        self._rung.clear()


class Live:
    """Wakes requests that wait for a person's words, and knows who is being typed to."""

    def __init__(
        self,
        heard: Callable[[str], None] = lambda _conversation: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take whom to tell of a conversation for which something waits."""
        self._heard = heard
        self._clock = clock
        self._waiting: defaultdict[str, set[Waiting]] = defaultdict(set)
        self._typing: Recent[float] = Recent()
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen."""
        for name, hear in ((rings.REST, self._message), (rings.TYPING, self._types)):
            listener = Listener(name)
            await listener.open()
            self._listeners.append(listener)
            self._tasks.append(asyncio.ensure_future(_listen(listener, hear)))

    async def close(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()

    @contextmanager
    def waiting(self, conversation: str) -> Iterator[Waiting]:
        """Give what a request waits with; what is rung after this is not missed."""
        rung = Waiting()
        self._waiting[conversation].add(rung)
        try:
            yield rung
        finally:
            self._waiting[conversation].discard(rung)
            if not self._waiting[conversation]:
                del self._waiting[conversation]

    def types(self, conversation: str) -> bool:
        """Tell whether a person is typing to the customer."""
        at = self._typing.get(conversation)
        return at is not None and self._clock() - at <= TYPING_SECONDS

    def _message(self, conversation: str) -> None:
        # Who has written is not typing any more.
        self._typing.set(conversation, float("-inf"))
        for rung in self._waiting.get(conversation, ()):
            rung.ring()
        self._heard(conversation)

    def _types(self, conversation: str) -> None:
        self._typing.set(conversation, self._clock())


async def _listen(listener: Listener, hear: Callable[[str], None]) -> None:
    while True:
        for conversation in await listener.wait(_LISTEN_SECONDS):
            hear(conversation)
