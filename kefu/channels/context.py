"""Telling Rasa's tracker what customers and people said to one another.

While a person holds a conversation the dialogue sees none of it. Afterwards it is there as
context: in the tracker, without a prediction, an action or a recognition.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable

from rasa.core.agent import Agent
from rasa.core.lock_store import LockError
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    REQUESTED_SLOT,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from kefu.elsewhere import Elsewhere
from kefu.errors import KefuError
from kefu.handoff.triggers import AGENT, HELD
from kefu.storage import held
from kefu.storage.held import HeldLine
from kefu.storage.recent import Recent
from kefu.storage.tracker_store import has_events, is_stored

logger = logging.getLogger(__name__)

MESSAGE = "message"
_TURN = re.compile(r"^m(\d+)$")
_INVALID_INPUTS = "invalid_inputs"
_NOT_READ, _NOT_KEPT = "会话记录暂时读不到", "会话记录暂时存不下"
_FAILED = (SQLAlchemyError, KefuError, LockError)


class TrackerLost(KefuError):
    """Raised when the database did not give or keep a tracker."""


class Context:
    """Notes in the trackers what was said while the dialogue was silent."""

    def __init__(
        self,
        agent: Callable[[], Agent | None],
        clock: Callable[[], float] = time.time,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Take a function that gives the server's current agent, and where another works."""
        self._agent = agent
        self._clock = clock
        self._elsewhere = elsewhere or Elsewhere()
        self._moved = False
        self._noting: set[str] = set()
        self._noted: Recent[int] = Recent()
        self._wanted: dict[str, None] = {}
        self._wake = asyncio.Event()

    async def catch_up(self, conversation: str) -> None:
        """Note what is not in the tracker yet; once more, it changes nothing.

        What is missing is found by comparing, so that a crash loses nothing. A failure is
        logged: the next turn tries again, and no turn should fail for it.
        """
        await self._elsewhere.left(conversation)
        try:
            await self._catch_up(conversation)
        except _FAILED:
            logger.exception("what was said meanwhile is not in the tracker yet")

    def soon(self, conversation: str) -> None:
        """Have `run` catch up with a conversation."""
        if self._moved:
            return  # the process that answers now does
        self._wanted[conversation] = None
        self._wake.set()

    def hand_over(self) -> frozenset[str]:
        """Begin nothing more; return the conversations that are still to be caught up with."""
        self._moved = True
        return frozenset((*self._wanted, *self._noting))

    def take_back(self) -> None:
        """Catch up with conversations again."""
        self._moved = False

    @property
    def is_busy(self) -> bool:
        """Tell whether `run` is still to catch up with a conversation."""
        return bool(self._wanted or self._noting)

    async def run(self) -> None:
        """Catch up with one conversation after the other, until cancelled."""
        while True:
            await self._wake.wait()
            while self._wanted:
                conversation = next(iter(self._wanted))
                del self._wanted[conversation]
                self._noting = {conversation}
                await self.catch_up(conversation)
                self._noting = set()
            self._wake.clear()

    async def _catch_up(self, conversation: str) -> None:
        newest = await asyncio.to_thread(held.newest, conversation, self._clock())
        agent = self._agent()
        known = self._noted.get(conversation)
        if not newest or (known is not None and known >= newest):
            return
        if agent is None or agent.processor is None or agent.lock_store is None:
            return
        processor = agent.processor
        async with agent.lock_store.lock(conversation):
            tracker = await processor.get_tracker(conversation)
            if not is_stored(tracker) and await asyncio.to_thread(has_events, conversation):
                raise TrackerLost(_NOT_READ)
            after = noted_in(tracker)
            lines = await asyncio.to_thread(held.said_since, conversation, after, self._clock())
            if lines:
                note(tracker, lines, processor.domain)
                await processor.save_tracker(tracker)
                if not is_stored(tracker):
                    raise TrackerLost(_NOT_KEPT)
        self._noted.set(conversation, newest)


def noted_in(tracker: DialogueStateTracker) -> int:
    """Return the id of the last message that the tracker knows of, 0 where it knows none.

    A session begins with a message, and each carries its id, so that the last session
    is enough to know.
    """
    return max(map(_message_of, tracker.events), default=0)


def note(tracker: DialogueStateTracker, lines: Iterable[HeldLine], domain: Domain) -> None:
    """Add what was said to a tracker. What a form asked before is no longer waited for."""
    for line in lines:
        if not tracker.applied_events() or _begins_session(tracker, line, domain):
            _update(tracker, _session_start(line.at), domain)
        elif tracker.active_loop_name:
            _update(tracker, _form_left(tracker.active_loop_name, domain), domain)
        _update(tracker, _said(line, tracker), domain)


def _update(tracker: DialogueStateTracker, events: list[Event], domain: Domain) -> None:
    for event in events:
        tracker.update(event, domain)


def _said(line: HeldLine, tracker: DialogueStateTracker) -> list[Event]:
    if line.author != "customer":
        marks = {AGENT: True, "author": line.author, MESSAGE: line.message}
        return [BotUttered(line.text, metadata=marks, timestamp=line.at)]
    message = UserUttered(
        line.text,
        timestamp=line.at,
        input_channel=tracker.get_latest_input_channel(),
        message_id=f"m{line.message}",
        metadata={HELD: True, MESSAGE: line.message},
    )
    return [message, ActionExecuted(ACTION_LISTEN_NAME, timestamp=line.at)]


def _begins_session(tracker: DialogueStateTracker, line: HeldLine, domain: Domain) -> bool:
    """Tell whether Rasa would have begun a session with this message of the customer's."""
    config = domain.session_config
    last = tracker.get_last_event_for(UserUttered)
    if line.author != "customer" or not config.are_sessions_enabled() or last is None:
        return False
    return bool((line.at - last.timestamp) / 60 > config.session_expiration_time)


def _session_start(at: float) -> list[Event]:
    return [
        ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at),
        SessionStarted(timestamp=at),
        ActionExecuted(ACTION_LISTEN_NAME, timestamp=at),
    ]


def _form_left(form: str, domain: Domain) -> list[Event]:
    slots = [*domain.required_slots_for_form(form), REQUESTED_SLOT]
    if any(slot.name == _INVALID_INPUTS for slot in domain.slots):
        slots.append(_INVALID_INPUTS)
    return [ActiveLoop(None), *(SlotSet(slot, None) for slot in slots)]


def _message_of(event: Event) -> int:
    metadata = event.metadata or {}
    if metadata.get(HELD) or metadata.get(AGENT):
        return int(metadata.get(MESSAGE) or 0)
    if isinstance(event, UserUttered):
        turn = _TURN.match(event.message_id or "")
        return int(turn.group(1)) if turn else 0
    return 0
