"""What goes on behind the receiver: sending, fetching files, checks, the typing line."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.bell import Bell, Listener
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.agent_typing import AgentTyping
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.media import MediaFetcher
from kefu.channels.wechat.receiver import Received
from kefu.channels.wechat.safety import (
    ContentSafety,
    Objection,
    note_objection,
    words_against,
)
from kefu.channels.wechat.sender import Sender
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.channels.wechat.typing_line import TypingLine
from kefu.errors import KefuError
from kefu.storage.leases import Lease

logger = logging.getLogger(__name__)

LEASE = "wechat_outbox"
POLL_SECONDS = 0.5
_CHECKS_AT_A_TIME = 8
# WeChat's check may be slower than customers write; beyond this, the word list has to do.
_MOST_CHECKS_WAITING = 500
_FAILED = (SQLAlchemyError, KefuError)


class Workshop:
    """Works for all accounts; of several processes one sends and fetches at a time."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        """Take the accounts."""
        self._accounts = {account.channel: account for account in accounts}
        self._apis: dict[str, WechatApi] = {}
        self._lease = Lease(LEASE)
        self._listener = Listener(rings.SENDER)
        self._dialogue = Bell("dialogue")
        self._typing = TypingLine(self._api)
        self._checks = asyncio.Semaphore(_CHECKS_AT_A_TIME)
        self._checks_waiting = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Begin to work."""
        self._session = open_session()
        self._tokens = TokenStore(self._session)
        self._safety = ContentSafety(self._api)
        self._sender = Sender(self._accounts, self._api, self._safety, self._lease)
        self._media = MediaFetcher(self._accounts, self._api)
        await self._listener.open()
        agents = AgentTyping(self._accounts, self._api, lambda: self._sender.leads)
        self._spawn(self._typing.run())
        self._spawn(agents.run())
        self._spawn(self._send_forever())
        self._spawn(self._fetch_forever())

    async def close(self) -> None:
        """Finish what is being sent, and let another process take over."""
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sender.finish()
        await asyncio.to_thread(self._lease.give_up)
        await self._session.close()
        self._dialogue.close()

    def received(self, received: Received) -> None:
        """Wake the dialogue and the desk for a new message, and look at the message meanwhile."""
        recorded = received.taken.recorded
        self._dialogue.ring(str(recorded.id) if recorded else "")
        rings.changed(received.taken.conversation)
        if received.arrival.is_message and recorded is not None:
            self._typing.watch(recorded.id, received)
        if received.arrival.kind == "text":
            self._spawn(self._check(received))

    def _api(self, account: Account) -> WechatApi:
        if account.name not in self._apis:
            self._apis[account.name] = WechatApi(account, self._session, self._tokens)
        return self._apis[account.name]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_forever(self) -> None:
        looked_at = 0.0
        heard: list[str] = []
        while True:
            # Between two looks of its own it trusts what the bell says.
            if time.monotonic() - looked_at > POLL_SECONDS or not all(heard):
                heard, looked_at = [], time.monotonic()
            await self._sender.look(heard)
            heard = await self._listener.wait(POLL_SECONDS)

    async def _fetch_forever(self) -> None:
        while True:
            try:
                # Whoever sends fetches, so that no file is fetched twice.
                if not self._sender.leads or not await self._media.look():
                    await asyncio.sleep(POLL_SECONDS)
            except _FAILED:
                logger.exception("files cannot be fetched")
                await asyncio.sleep(POLL_SECONDS)

    async def _check(self, received: Received) -> None:
        """Note what the content check holds against a customer's text."""
        recorded = received.taken.recorded
        objection = await self._objection(received)
        if objection is None or recorded is None:
            return
        conversation, now = received.taken.conversation, time.time()
        try:
            await asyncio.to_thread(note_objection, conversation, recorded.id, objection, now)
        except _FAILED:
            logger.exception("an objection to message %s is lost", recorded.id)
        else:
            rings.changed(conversation)

    async def _objection(self, received: Received) -> Objection | None:
        text = received.arrival.text
        if self._checks_waiting >= _MOST_CHECKS_WAITING:
            return words_against(text, ours=False)
        self._checks_waiting += 1
        try:
            async with self._checks:
                account, openid = received.account, received.openid
                return await self._safety.of_customers(account, openid, text)
        finally:
            self._checks_waiting -= 1
