"""Showing customers 「对方正在输入」 while a person types."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.bell import Listener
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import WechatError
from kefu.channels.wechat.outbox import channel_and_customer
from kefu.errors import KefuError
from kefu.storage.recent import Recent
from kefu.storage.windows_view import window_of

logger = logging.getLogger(__name__)

# WeChat shows the line for some ten seconds; more calls would change nothing.
SHOWN_SECONDS = 5.0
MOST_AT_ONCE = 20
_WAIT_SECONDS = 60.0
_FAILED = (SQLAlchemyError, KefuError)


@dataclass(frozen=True)
class _Customer:
    account: Account
    openid: str


class AgentTyping:
    """Hears which conversations a person types in, and calls WeChat for them."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        api: Callable[[Account], WechatApi],
        leads: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the accounts by channel, how to reach WeChat, and who of several processes calls."""
        self._accounts = accounts
        self._api = api
        self._leads = leads
        self._clock = clock
        self._shown: Recent[float] = Recent(5000)

    async def run(self) -> None:
        """Listen for ever."""
        listener = Listener(rings.TYPING)
        await listener.open()
        try:
            while True:
                await self.heard(await listener.wait(_WAIT_SECONDS))
        finally:
            listener.close()

    async def heard(self, conversations: Iterable[str]) -> None:
        """Show the line in these conversations, where it is not shown already."""
        now = self._clock()
        due = [c for c in dict.fromkeys(conversations) if self._is_due(c, now)][:MOST_AT_ONCE]
        if not due or not self._leads():
            return
        for conversation in due:
            self._shown.set(conversation, now)
        await asyncio.gather(*(self._show(conversation, now) for conversation in due))

    def _is_due(self, conversation: str, now: float) -> bool:
        shown = self._shown.get(conversation)
        return bool(conversation) and (shown is None or now - shown >= SHOWN_SECONDS)

    async def _show(self, conversation: str, now: float) -> None:
        try:
            customer = await asyncio.to_thread(self._customer, conversation, now)
            if customer is not None:
                await self._api(customer.account).typing(customer.openid, True)
        except WechatError as error:
            # A nicety: the person's words themselves will come.
            logger.info("no typing line for a person: %s", error.code)
        except _FAILED:
            logger.exception("the typing line of a person cannot be shown")

    def _customer(self, conversation: str, now: float) -> _Customer | None:
        """Return whom to show the line; None for another channel, or when WeChat refuses it."""
        found = channel_and_customer(conversation)
        account = self._accounts.get(found[0]) if found else None
        if found is None or account is None or account.desk == "wechat":
            return None
        window = window_of(conversation, now)
        if window is not None and not window.is_open:
            return None
        return _Customer(account, found[1])
