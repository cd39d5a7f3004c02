"""Sending what the outbox holds: in order for each customer, one process at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, repeat
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from kefu import replies, rings
from kefu.channels.wechat import outbox
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.compose import texts_of, without_menu
from kefu.channels.wechat.errors import Busy, NotReached, Refused, Unknown
from kefu.channels.wechat.outbox import Send
from kefu.channels.wechat.picture_uploads import PictureUploads
from kefu.channels.wechat.safety import ContentSafety, Objection, note_objection
from kefu.errors import KefuError
from kefu.storage import messages
from kefu.storage.leases import Lease
from kefu.storage.recent import Recent

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

AT_A_TIME = 64
RENEW_SECONDS = 2.0
# Whoever does not send asks for the lease no more often than this.
ASK_AGAIN_SECONDS = 0.4
# After so many attempts a message is given up: some ten minutes when WeChat is busy.
MOST_ATTEMPTS = 12
_NOT_REACHED_PAUSE = 1.0
_LONGEST_PAUSE = 120.0
# A customer whose messages cannot even be put together is looked at again after this.
_BROKEN_PAUSE = 60.0
# An account that may not send menus says one of these.
_NO_MENU = (40200, 45162)
_NO_MEDIA = 40007
_RECORD_AGAIN_AFTER = (0.1, 0.5, 2.0, 5.0)
INSTEAD = "这个问题我不便在这里回答，请转人工客服，会有人为你解答。"
REFUSED = "内容检查未通过，没有发送"
BROKEN = "发送时程序出错，不知道顾客是否已收到，请查看日志"
NO_TOKEN = "读取 access_token 时数据库出错"

_RECORD_FAILED = (SQLAlchemyError, KefuError)


class Sender:
    """Sends what waits, while it holds the lease of the outbox."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        api: Callable[[Account], WechatApi],
        safety: ContentSafety,
        lease: Lease,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the accounts by channel, and how to reach WeChat for one of them."""
        self._accounts = accounts
        self._api = api
        self._safety = safety
        self._uploads = PictureUploads(api, clock)
        self._lease = lease
        self._clock = clock
        self._leads_until = 0.0
        self._ask_again_at = 0.0
        self._customers: Recent[tuple[str, str]] = Recent(5000)
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._broken_until: dict[str, float] = {}
        self._without_menu: set[str] = set()
        self._replaced: Recent[bool] = Recent()
        self._took_over = False
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_A_TIME)

    async def look(self, conversations: Iterable[str] = ()) -> bool:
        """Start sending what is due; return whether this process is the one that sends.

        Args:
            conversations: Where something waits, as far as is known; none: look for it.
        """
        try:
            if not await self._leads():
                return False
            waiting = list(conversations) or await asyncio.to_thread(outbox.due, self._clock())
            for conversation in waiting:
                self._start(conversation)
        except _RECORD_FAILED:
            logger.exception("the outbox cannot be read")
            return False
        return True

    @property
    def leads(self) -> bool:
        """Return whether this process was the one that sends when it looked last."""
        return self._clock() < self._leads_until

    async def finish(self) -> None:
        """Wait for what is being sent, and begin nothing more."""
        self._closing = True
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _leads(self) -> bool:
        now = self._clock()
        if now < self._leads_until - RENEW_SECONDS:
            return True
        self._took_over = self._took_over or self._leads_until <= now
        if self._leads_until <= now < self._ask_again_at:
            return False
        if not await asyncio.to_thread(self._lease.hold, now):
            self._leads_until = 0.0
            self._ask_again_at = now + ASK_AGAIN_SECONDS
            return False
        # What this process itself is sending is not lost, however late it is.
        if self._took_over and not self._tasks:
            lost = await asyncio.to_thread(outbox.bury_interrupted, now)
            self._took_over = False
            if lost:
                logger.warning("%s messages were being sent when their process died", lost)
        self._leads_until = now + 2 * RENEW_SECONDS
        return True

    def _start(self, conversation: str) -> None:
        if self._closing or self._broken_until.get(conversation, 0.0) > self._clock():
            return
        if conversation in self._busy:
            # It may have looked for the last time already.
            self._again.add(conversation)
            return
        self._busy.add(conversation)
        task = asyncio.ensure_future(self._work(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, conversation: str) -> None:
        """Send all that is due for one customer, one after the other."""
        try:
            async with self._places:
                while True:
                    self._again.discard(conversation)
                    await self._send_all(conversation)
                    if conversation not in self._again:
                        break
            self._broken_until.pop(conversation, None)
        except _RECORD_FAILED:
            logger.exception("sending was interrupted")
        except Exception:  # last resort: one customer's messages must not keep this loop busy
            logger.exception("messages of a customer cannot be put together")
            self._broken_until[conversation] = self._clock() + _BROKEN_PAUSE
        finally:
            self._busy.discard(conversation)

    async def _send_all(self, conversation: str) -> None:
        found = await self._channel_and_customer(conversation)
        if found is not None and not found[0].startswith(CHANNEL_PREFIX):
            return  # the bell rings for every channel
        account = self._accounts.get(found[0]) if found else None
        if found is None or account is None:
            error = outbox.UNKNOWN_ACCOUNT
            await asyncio.to_thread(outbox.bury_all, conversation, error, self._clock())
            return
        send = await self._next(conversation, account)
        if send is None:
            rings.changed(conversation)  # what WeChat would not take any more is dead now
        while send is not None:
            try:
                sent = await self._send(send, account, found[1])
            except Exception:  # last resort: left as it is, it would hold up all that follows
                logger.exception("send %s failed", send.id)
                await self._record(outbox.bury, send, BROKEN, None, self._clock(), None)
                sent = False
            send = (
                await self._after(send, account)
                if sent
                else await self._next(conversation, account)
            )
            rings.changed(conversation)

    async def _next(self, conversation: str, account: Account) -> Send | None:
        if self._closing:
            return None
        arguments = (conversation, account, self._lease, self._clock())
        return await asyncio.to_thread(outbox.next_send, *arguments)

    async def _after(self, send: Send, account: Account) -> Send | None:
        """Note that a message is sent, and claim the next one in the same step."""
        if self._closing:
            await self._record(outbox.sent, send, self._clock())
            return None
        arguments = (send, account, self._lease, self._clock())
        return await self._record(outbox.sent_and_next, *arguments)

    async def _channel_and_customer(self, conversation: str) -> tuple[str, str] | None:
        found = self._customers.get(conversation)
        if found is None:
            found = await asyncio.to_thread(outbox.channel_and_customer, conversation)
            if found is not None:
                self._customers.set(conversation, found)
        return found

    async def _send(self, send: Send, account: Account, openid: str) -> bool:
        """Send a message; return whether WeChat took it, else note what became of it."""
        text = texts_of(send.body)
        objection = await self._safety.of_ours(account, openid, send.author, text)
        if objection is not None and objection.verdict == "risky":
            await self._note(send, objection)
            await self._refuse(send, objection)
            return False
        if objection is not None and send.attempts == 1:
            await self._note(send, objection)
        return await self._call(send, account, openid)

    async def _call(self, send: Send, account: Account, openid: str) -> bool:
        try:
            body = await self._body(send, account)
            await self._api(account).send(openid, body, send.author == "bot")
        except Busy as error:
            await self._later(send, error.text, error.code, error.wait)
        except NotReached as error:
            await self._later(send, error.text, error.code, _NOT_REACHED_PAUSE)
        except Refused as error:
            await self._refused(send, account, error)
        except Unknown as error:
            await self._record(outbox.bury, send, error.text, error.code, self._clock(), None)
            logger.warning("send %s: outcome unknown, not repeated", send.id)
        except _RECORD_FAILED:
            logger.exception("no access token for send %s", send.id)
            await self._later(send, NO_TOKEN, None, _NOT_REACHED_PAUSE)
        else:
            return True
        return False

    async def _body(self, send: Send, account: Account) -> dict[str, object]:
        if send.body["msgtype"] == "msgmenu" and account.name in self._without_menu:
            return without_menu(send.body, send.options)
        return await self._uploads.ready(send, account)

    async def _refused(self, send: Send, account: Account, error: Refused) -> None:
        if send.body["msgtype"] == "msgmenu" and error.code in _NO_MENU:
            logger.warning("account %s has no menus: options go out as text", account.name)
            self._without_menu.add(account.name)
            body = without_menu(send.body, send.options)
            await self._record(outbox.change_body, send, body)
            await self._record(outbox.put_off, send, error.text, error.code, self._clock())
            return
        if error.code == _NO_MEDIA and self._uploads.outdated(send, account):
            await self._record(outbox.put_off, send, error.text, error.code, self._clock())
            return
        await self._record(outbox.bury, send, error.text, error.code, self._clock(), False)
        logger.warning("send %s: refused with %s", send.id, error.code)

    async def _later(self, send: Send, text: str, code: int | None, pause: float) -> None:
        if send.attempts >= MOST_ATTEMPTS:
            error = f"试了 {send.attempts} 次都没有成功：{text}"
            await self._record(outbox.bury, send, error, code, self._clock(), False)
            return
        wait = min(pause * 2 ** (send.attempts - 1), max(pause, _LONGEST_PAUSE))
        await self._record(outbox.put_off, send, text, code, self._clock() + wait)

    async def _refuse(self, send: Send, objection: Objection) -> None:
        error = f"{REFUSED}：{objection.reason}"
        await self._record(outbox.bury, send, error, None, self._clock(), False)
        logger.warning("send %s: refused by the content check", send.id)
        message = str(send.message)
        if send.author != "bot" or INSTEAD in texts_of(send.body) or self._replaced.get(message):
            return
        # A long reply has several parts.
        self._replaced.set(message, True)
        await self._record(_say_instead, send, self._clock())

    async def _note(self, send: Send, objection: Objection) -> None:
        now = self._clock()
        try:
            await asyncio.to_thread(note_objection, send.conversation, send.message, objection, now)
        except _RECORD_FAILED:
            logger.exception("an objection to send %s is lost", send.id)

    async def _record(self, write: Callable[..., _T], *arguments: object) -> _T | None:
        """Write what became of a message, for as long as it takes.

        Until that is known, the customer's next message has to wait.
        """
        pauses = chain(_RECORD_AGAIN_AFTER, repeat(_RECORD_AGAIN_AFTER[-1]))
        for pause in pauses:
            try:
                return await asyncio.to_thread(write, *arguments)
            except _RECORD_FAILED:
                logger.exception("the outcome of a send cannot be recorded")
            if self._closing:
                break
            await asyncio.sleep(pause)
        return None


def _say_instead(send: Send, now: float) -> None:
    """Tell the customer who would otherwise hear nothing."""
    reply = {"text": INSTEAD, "buttons": replies.buttons([replies.HUMAN])}
    body = json.dumps(reply, ensure_ascii=False)
    messages.add_reply(send.conversation, "bot", body, None, now)
