"""A dialogue that brings a person in when it is asked to, or does not understand."""

from __future__ import annotations

from collections.abc import Callable

from kefu.exchange import Turn, TurnResult
from kefu.handoff import holder
from kefu.settings import settings
from tests.channels.scripted import Script


class Helpful(Script):
    """A dialogue that calls a person as the real one does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._misses = 0

    async def take_turn(self, turn: Turn) -> TurnResult:
        result = await super().take_turn(turn)
        self._misses = self._misses + 1 if "听不懂" in turn.text else 0
        if "转人工" in turn.text or self._misses == settings().handoff.unrecognised_limit:
            reason = "keyword" if "转人工" in turn.text else "unrecognised"
            holder.request(turn.conversation, reason, turn.text, None, self._clock())
        return result
