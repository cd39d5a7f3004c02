"""Telling the helpdesk: what one process at a time does for as long as it lives."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import ParamSpec, TypeVar

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.bell import Listener
from kefu.errors import KefuError
from kefu.handoff import reports
from kefu.helpdesk import outbox
from kefu.helpdesk.client import Later, Outcome, Taken, open_session, tell
from kefu.helpdesk.outbox import Waiting
from kefu.helpdesk.pump import Pump
from kefu.settings import settings
from kefu.storage.leases import Lease

logger = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

LEASE = "helpdesk"
REPORT = "helpdesk_down"
_LEASE_SECONDS = 6.0
_RENEWED_AFTER = 2.0
_LOOK_SECONDS = 1.0
_SWARM_SECONDS = 0.05
# A look at everything takes at most this share of the time.
_LOOK_SHARE = 0.05
_AT_A_TIME = 16
# One that fails may be a slip, so many in a row are not.
_DOWN_AFTER = 3
_TYPING = "typing:"
_RECORD_FAILED = (SQLAlchemyError, KefuError)


class HelpdeskDuty:
    """Fills the outbox and sends it, in order for each conversation."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Take the clock, in UTC seconds."""
        self._clock = clock
        self._lease = Lease(LEASE, _LEASE_SECONDS)
        self._pump = Pump()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._held_until = 0.0
        self._others_until = 0.0
        self._look_at_all_from = 0.0
        self._failures = 0
        # What the report says is not known at the start.
        self._is_down: bool | None = None

    async def run(self) -> None:
        """Work until cancelled; return at once where no helpdesk is configured."""
        if not settings().helpdesk.url:
            return
        listener = Listener(rings.DESK)
        await listener.open()
        try:
            async with open_session() as session:
                await self._work(session, listener)
        finally:
            listener.close()
            await self._stop()

    async def _work(self, session: aiohttp.ClientSession, listener: Listener) -> None:
        rung: list[str] = []
        while True:
            try:
                await self.look(session, rung)
            except _RECORD_FAILED:
                logger.exception("the helpdesk's outbox cannot be looked at")
            except Exception:  # last resort: the next look may go well
                logger.exception("a look at the helpdesk's outbox failed")
            rung = await listener.wait(_LOOK_SECONDS)
            if rung:
                # Rings come in swarms; one look does for all of them.
                await asyncio.sleep(_SWARM_SECONDS)

    async def look(self, session: aiohttp.ClientSession, rung: Collection[str] = ()) -> None:
        """Look once: put what is new into the outbox, begin to send what is due."""
        now = self._clock()
        if not await self._is_mine(now):
            return
        if now >= self._look_at_all_from:
            started = time.monotonic()
            await _off_loop(self._pump.fill, now)
            took = time.monotonic() - started
            self._look_at_all_from = now + max(_LOOK_SECONDS, took / _LOOK_SHARE)
        elif conversations := {name for name in rung if not name.startswith(_TYPING)}:
            await _off_loop(self._pump.fill, now, conversations)
        most = _AT_A_TIME + len(self._sending)
        for conversation in await _off_loop(outbox.due, now, most):
            if conversation not in self._sending and len(self._sending) < _AT_A_TIME:
                self._begin(session, conversation)

    async def _is_mine(self, now: float) -> bool:
        if now < self._held_until - _LEASE_SECONDS + _RENEWED_AFTER:
            return True
        if now < self._others_until:
            return False
        had = self._held_until > now
        if not await _off_loop(self._lease.hold, now):
            self._held_until, self._others_until = 0.0, now + _LOOK_SECONDS
            return False
        self._held_until = now + _LEASE_SECONDS
        if not had:
            self._pump.forget()
        return True

    def _begin(self, session: aiohttp.ClientSession, conversation: str) -> None:
        task = asyncio.ensure_future(self._send_all(session, conversation))
        self._sending[conversation] = task
        task.add_done_callback(lambda _: self._sending.pop(conversation, None))

    async def _send_all(self, session: aiohttp.ClientSession, conversation: str) -> None:
        """Send the events of a conversation, one after the other, until one has to wait."""
        try:
            while event := await _off_loop(outbox.head, conversation, self._clock()):
                chosen = settings().helpdesk
                outcome = await tell(
                    session, chosen.url, chosen.timeout, event.event, event.body, self._clock()
                )
                if not await self._record(event, outcome):
                    return
        except _RECORD_FAILED:
            logger.exception("what became of an event for the helpdesk cannot be recorded")

    async def _record(self, event: Waiting, outcome: Outcome) -> bool:
        """Note what became of an event; tell whether the next one may go."""
        now = self._clock()
        if isinstance(outcome, Taken):
            await _off_loop(outbox.taken, event, now)
            await self._reached(now)
            return True
        self._failures += 1
        logger.warning("helpdesk event %s (%s): %s", event.number, event.kind, outcome.error)
        if isinstance(outcome, Later):
            waits = await _off_loop(outbox.put_off, event, outcome.error, now, outcome.wait)
            if self._failures >= _DOWN_AFTER:
                await self._down(outcome.error, now)
            return not waits
        await _off_loop(outbox.bury, event, outcome.error, now)
        await self._down(outcome.error, now)
        return True

    async def _reached(self, now: float) -> None:
        self._failures = 0
        if self._is_down is False:
            return
        if self._is_down:
            # It is there again: what had been put off for an hour need not wait.
            await _off_loop(outbox.hasten, now)
        await _off_loop(reports.close_report, REPORT, now)
        self._is_down = False

    async def _down(self, error: str, now: float) -> None:
        text = f"外部客服系统收不到转人工的消息：{error}。用 kefu helpdesk status 查看"
        await _off_loop(reports.open_report, REPORT, text, now)
        self._is_down = True

    async def _stop(self) -> None:
        tasks = list(self._sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._held_until:
            await _off_loop(self._lease.give_up)


async def _off_loop(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    return await asyncio.to_thread(function, *args, **kwargs)
