"""One access token an account for all processes: fetched by one of them, read by the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import aiohttp

from kefu.channels.wechat import token_table
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.errors import NotReached, Unknown, WechatError
from kefu.channels.wechat.token_table import Lease, Token
from kefu.channels.wechat.transport import exchange, json_answer

_PATH = "cgi-bin/stable_token"
_POLL_SECONDS = 0.05
# How long another process's renewal may go unnoticed.
_REREAD_SECONDS = 5.0
# Two calls, a plain and a forced one, fit into a lease.
_TIMEOUT = token_table.LEASE_SECONDS * 0.45
_MARGIN = 60.0
_MARGIN_SHARE = 0.2


@dataclass(frozen=True)
class _Known:
    """A token as it was last read from the table, and when (UTC seconds)."""

    token: Token
    read_at: float


class TokenStore:
    """Keeps the access tokens in the database; used from one event loop.

    WeChat's stable_token gives every caller the same token, but one that is renewed by
    force ends the one before, so that only one process at a time may decide to.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        clock: Callable[[], float] = time.time,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Take the session to ask WeChat with, a clock of UTC seconds, and seconds for a call."""
        self._session = session
        self._clock = clock
        self._timeout = timeout
        self._known: dict[str, _Known] = {}
        self._running: dict[tuple[str, str], asyncio.Task[str]] = {}

    async def get(self, account: Account) -> str:
        """Return the account's access token.

        Raises:
            NotReached: WeChat gave no token this time; nothing else was asked of it.
            Busy, Refused: WeChat gives none, see the text.
        """
        known, now = self._known.get(account.appid), self._clock()
        if known and known.token.usable_until > now and now - known.read_at < _REREAD_SECONDS:
            return known.token.value
        return await self._shared(account, failing="")

    async def renew(self, account: Account, failing: str) -> str:
        """Return a token other than `failing`, which WeChat has just refused.

        Raises:
            NotReached: WeChat gave no token this time.
            Busy: The last forced renewal is less than 30 s ago.
            Refused: WeChat gives none, or 20 were forced today.
        """
        return await self._shared(account, failing)

    async def _shared(self, account: Account, failing: str) -> str:
        """Let all that want the same wait for one; also a failure is shared, not repeated."""
        key = (account.appid, failing)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._obtain(account, failing))
            self._running[key] = task
            task.add_done_callback(partial(self._ended, key))
        # Someone who gives up waiting must not end it for the others.
        return await asyncio.shield(task)

    def _ended(self, key: tuple[str, str], task: asyncio.Task[str]) -> None:
        del self._running[key]
        if not task.cancelled():
            # Marks it as seen, for when everyone has given up waiting.
            task.exception()

    async def _obtain(self, account: Account, failing: str) -> str:
        while True:
            now = self._clock()
            found = await asyncio.to_thread(token_table.look, account.appid, failing, now)
            if isinstance(found, Lease):
                found = await self._fetch(account, failing, found)
            if found is not None:
                self._known[account.appid] = _Known(found, now)
                return found.value
            await asyncio.sleep(_POLL_SECONDS)

    async def _fetch(self, account: Account, failing: str, lease: Lease) -> Token:
        try:
            token = await self._ask(account, force=False)
            if token.value == failing:
                await asyncio.to_thread(token_table.note_forced, lease, self._clock())
                token = await self._ask(account, force=True)
        except WechatError:
            await asyncio.to_thread(token_table.release, lease)
            raise
        await asyncio.to_thread(token_table.keep, lease, token)
        return token

    async def _ask(self, account: Account, force: bool) -> Token:
        body = {
            "grant_type": "client_credential",
            "appid": account.appid,
            "secret": account.secret,
            "force_refresh": force,
        }
        url = f"{account.api_url.rstrip('/')}/{_PATH}"
        asked_at = self._clock()
        try:
            answer = await exchange(self._session, "POST", url, timeout=self._timeout, json=body)
            given = json_answer(answer.content, _PATH)
        except Unknown as unknown:
            # Whatever the token was wanted for has not been sent.
            raise NotReached(f"没有取得微信的 access_token（{unknown.text}）") from None
        value, seconds = given.get("access_token"), given.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(seconds, int):
            raise NotReached("微信的应答里没有 access_token：请核对微信接口的地址")
        return Token(value, asked_at + seconds - min(_MARGIN, seconds * _MARGIN_SHARE))
