"""The conversations in which the process that answered before is still at work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


class Elsewhere:
    """Lets this process wait for the turns that another has not ended yet.

    When one Rasa process follows another, both are there for a moment. Nothing but this
    keeps the messages of one conversation in their order, and from being answered twice.
    """

    def __init__(self, busy: Iterable[str] = ()) -> None:
        """Take the conversations; without any, nothing is waited for."""
        self._busy = frozenset(busy)
        self._ended = asyncio.Event()

    def has(self, conversation: str) -> bool:
        """Tell whether the other process may be at work in a conversation."""
        return conversation in self._busy and not self._ended.is_set()

    async def left(self, conversation: str) -> None:
        """Return when the other process has done with a conversation."""
        if self.has(conversation):
            await self._ended.wait()

    async def is_over(self) -> None:
        """Return when the other process has done with all of them."""
        await self._ended.wait()

    def end(self) -> None:
        """Let all that wait go on: the other process has done, or is dead."""
        self._ended.set()
