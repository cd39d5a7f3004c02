"""Showing 「对方正在输入」 to customers whose answer takes longer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import WechatError
from kefu.channels.wechat.receiver import Received
from kefu.errors import KefuError
from kefu.storage.messages import waiting_among

logger = logging.getLogger(__name__)

# An answer that takes longer is announced.
AFTER_SECONDS = 0.7
LOOK_SECONDS = 0.25
# When everybody waits, the calls would only make it longer.
MOST_AT_ONCE = 5
_FAILED = (SQLAlchemyError, KefuError)


class TypingLine:
    """Watches new messages, and calls WeChat for those that are not answered soon."""

    def __init__(self, api: Callable[[Account], WechatApi]) -> None:
        """Take how to reach WeChat for an account."""
        self._api = api
        self._watched: dict[int, tuple[float, Received]] = {}

    def watch(self, message: int, received: Received) -> None:
        """Watch a message that was recorded just now."""
        self._watched[message] = (time.monotonic() + AFTER_SECONDS, received)

    async def run(self) -> None:
        """Look at the watched messages from time to time, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look(time.monotonic())
            except _FAILED:
                logger.exception("the typing line cannot be shown")

    async def look(self, now: float) -> None:
        """Show the line to those who have waited long enough by now."""
        due = {id_: received for id_, (at, received) in self._watched.items() if at <= now}
        for message in due:
            del self._watched[message]
        if not due:
            return
        waiting = await asyncio.to_thread(waiting_among, list(due))
        calls = [self._show(due[message]) for message in waiting[:MOST_AT_ONCE]]
        await asyncio.gather(*calls)

    async def _show(self, received: Received) -> None:
        try:
            await self._api(received.account).typing(received.openid, True)
        except WechatError as error:
            # A nicety: the answer itself is on its way.
            logger.info("no typing line for %s: %s", received.account.name, error.code)
