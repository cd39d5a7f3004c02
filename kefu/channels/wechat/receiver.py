"""Where pushes arrive: checked, recorded, acknowledged; the dialogue runs afterwards.

It knows nothing of a web framework: the Rasa connector and the process of its own both
hand it what came in, and send back what it returns.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.wechat import desk, notices, passive
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.arrivals import Arrival, arrival
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.intake import Taken, take_in_with
from kefu.channels.wechat.pushes import Push, dedupe_key, open_push
from kefu.channels.wechat.signature import Freshness, PushRefused, matches, plain_signature
from kefu.errors import KefuError
from kefu.storage import erasure
from kefu.storage.group_writer import GroupWriter
from kefu.storage.messages import state_of

logger = logging.getLogger(__name__)

# WeChat waits 5 s for an answer; what is left is for the network.
DESK_SECONDS = 3.5
# A database that fails may be back before WeChat gives up; not every error is sent again.
RECORD_AGAIN_SECONDS = 3.0
_RECORD_PAUSE_SECONDS = 0.3
_DESK_POLL_SECONDS = 0.03
_TEXT = "text/plain; charset=utf-8"
_STATUS = {"too_large": 413}
_FAILED = (SQLAlchemyError, KefuError)


@dataclass(frozen=True)
class Answer:
    """What a call of our push address is answered with."""

    status: int
    body: str = ""
    content_type: str = _TEXT


@dataclass(frozen=True)
class Received:
    """A message that was recorded just now, for those who do more with it."""

    account: Account
    openid: str
    arrival: Arrival
    taken: Taken


_SUCCESS = Answer(200, passive.SUCCESS)


class Receiver:
    """Takes the pushes of all accounts."""

    def __init__(
        self,
        accounts: Sequence[Account],
        on_received: Callable[[Received], None] = lambda _received: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the accounts, and whom to tell of every message that is new."""
        self._accounts = {account.name: account for account in accounts}
        self._ciphers = {a.name: PushCipher(a.aes_key, a.appid) for a in accounts if a.aes_key}
        self._freshness = Freshness(clock=clock)
        self._on_received = on_received
        self._clock = clock
        self._writer = GroupWriter()
        self._to_erase_again: dict[asyncio.Task[None], str] = {}

    def knows(self, name: str) -> bool:
        """Tell whether an account has this name."""
        return name in self._accounts

    async def close(self) -> None:
        """Do at once what was put off."""
        put_off = dict(self._to_erase_again)
        for task in put_off:
            task.cancel()
        await asyncio.gather(*put_off, return_exceptions=True)
        for conversation in put_off.values():
            await asyncio.to_thread(erasure.erase_remains, conversation)

    def verify(self, name: str, query: Mapping[str, str]) -> Answer:
        """Answer WeChat's check of the address: the echostr, as it came."""
        account = self._accounts.get(name)
        if account is None:
            return Answer(404)
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        wanted = plain_signature(account.token, stamp, nonce)
        echo = query.get("echostr", "")
        if not matches(query.get("signature", ""), wanted):
            logger.warning("address check of %s refused: bad_signature", name)
            return Answer(403)
        try:
            self._freshness.check(name, stamp, nonce, echo.encode("utf-8", "replace"))
        except PushRefused as refused:
            logger.warning("address check of %s refused: %s", name, refused.reason)
            return Answer(403)
        return Answer(200, echo)

    async def push(self, name: str, query: Mapping[str, str], body: bytes) -> Answer:
        """Take a push; what cannot be recorded is answered with 500, so that it comes again."""
        account = self._accounts.get(name)
        if account is None:
            return Answer(404)
        try:
            push = open_push(account, query, body, self._ciphers.get(name), self._freshness)
        except PushRefused as refused:
            if refused.reason == "no_sender":
                logger.info("push of %s ignored: no_sender", name)
                return _SUCCESS
            logger.warning("push of %s refused: %s", name, refused.reason)
            return Answer(_STATUS.get(refused.reason, 403))
        if push is None:
            return _SUCCESS
        return await self._taken_or_failed(account, push, query.get("nonce", ""))

    async def _taken_or_failed(self, account: Account, push: Push, nonce: str) -> Answer:
        """Take a push, trying again for a while where the database fails."""
        deadline = time.monotonic() + RECORD_AGAIN_SECONDS
        while True:
            try:
                return await self._take(account, push, nonce)
            except _FAILED:
                logger.exception("push of %s could not be recorded", account.name)
            if time.monotonic() + _RECORD_PAUSE_SECONDS > deadline:
                return Answer(500)
            await asyncio.sleep(_RECORD_PAUSE_SECONDS)

    async def _take(self, account: Account, push: Push, nonce: str) -> Answer:
        came = arrival(push, account)
        if came.notice is not None:
            await self._heed(account, push, came)
            return _SUCCESS
        if came.kind is None and came.trigger is None:
            logger.info("push of %s ignored: %s", account.name, push.event or push.type)
            return _SUCCESS
        if account.desk == "wechat" and came.is_message and push.type != "event":
            return await self._take_with_desk(account, push, came, nonce)
        self._tell(account, push, came, await self._record(account, push, came))
        return _SUCCESS

    async def _record(
        self, account: Account, push: Push, came: Arrival, held: bool = False
    ) -> Taken:
        key = dedupe_key(push)
        now = self._clock()
        return await self._writer.run(
            lambda connection: take_in_with(connection, account, push.openid, came, key, now, held)
        )

    def _tell(self, account: Account, push: Push, came: Arrival, taken: Taken) -> None:
        if taken.recorded is not None and not taken.recorded.repeat:
            self._on_received(Received(account, push.openid, came, taken))

    async def _take_with_desk(
        self, account: Account, push: Push, came: Arrival, nonce: str
    ) -> Answer:
        """Record a message and hand it over where WeChat's people have, or get, the customer."""
        conversation = desk.conversation_of(account.channel, push.openid)
        there = await asyncio.to_thread(desk.has_customer, conversation, self._clock())
        taken = await self._record(account, push, came, held=there)
        self._tell(account, push, came, taken)
        if not there and taken.recorded is not None and not taken.recorded.repeat:
            answered = await self._turn_ended(taken.recorded.id)
            there = await asyncio.to_thread(
                desk.take_over, conversation, came.text, answered, self._clock()
            )
        return self._transfer(account, push, nonce) if there else _SUCCESS

    async def _turn_ended(self, message: int) -> bool:
        deadline = time.monotonic() + DESK_SECONDS
        while time.monotonic() < deadline:
            if await asyncio.to_thread(state_of, message) != "received":
                return True
            await asyncio.sleep(_DESK_POLL_SECONDS)
        return False

    def _transfer(self, account: Account, push: Push, nonce: str) -> Answer:
        now = int(self._clock())
        body = passive.render(passive.transfer(push, None, now), push.format)
        cipher = self._ciphers.get(account.name)
        if push.encrypted and cipher is not None:
            body = passive.sealed(body, push.format, cipher, account.token, nonce, now)
        return Answer(200, body, passive.CONTENT_TYPES[push.format])

    async def _heed(self, account: Account, push: Push, came: Arrival) -> None:
        conversation = desk.conversation_of(account.channel, push.openid)
        await asyncio.to_thread(notices.heed, conversation, account, came, self._clock())
        if came.notice != "erase":
            return
        logger.info("a customer of %s was erased on WeChat's notice", account.name)
        for one in notices.to_erase(conversation, account, came):
            task = asyncio.ensure_future(notices.erase_remains_later(one))
            self._to_erase_again[task] = one
            task.add_done_callback(self._to_erase_again.pop)
