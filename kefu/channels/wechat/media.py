"""Fetching the pictures and recordings that customers send, and keeping them encrypted."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import Media, WechatApi
from kefu.channels.wechat.errors import Refused, WechatError
from kefu.channels.wechat.magic import sniff
from kefu.channels.wechat.outbox import channel_and_customer
from kefu.errors import KefuError
from kefu.storage.engine import reading, writing
from kefu.storage.tables import media, messages

logger = logging.getLogger(__name__)

LARGEST = 10 * 1024 * 1024
SECONDS = 20.0
MOST_ATTEMPTS = 5
AT_A_TIME = 4
_FIRST_PAUSE = 2.0
_NOT_WHAT_IT_SAYS = "文件不是图片或语音，没有保存"
_GONE = "微信里已经取不到这个文件"
_FAILED = (SQLAlchemyError, KefuError)


@dataclass(frozen=True)
class Wanted:
    """A file that has to be fetched.

    Attributes:
        id: Number of the row.
        conversation, channel: Whose it is.
        kind: image or voice.
        source: media_id, pic_url, fallback_id, as the push had them.
        attempts: How often it was tried before.
    """

    id: int
    conversation: str
    channel: str
    kind: str
    source: dict[str, str]
    attempts: int


class MediaFetcher:
    """Fetches what is wanted, a few files at a time."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        api: Callable[[Account], WechatApi],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the accounts by channel, and how to reach WeChat for one of them."""
        self._accounts = accounts
        self._api = api
        self._clock = clock

    async def look(self) -> int:
        """Fetch what is due; return how many files that were."""
        due = await asyncio.to_thread(_due, self._clock())
        await asyncio.gather(*(self._fetch(wanted) for wanted in due))
        return len(due)

    async def _fetch(self, wanted: Wanted) -> None:
        try:
            await self._fetch_or_put_off(wanted)
        except _FAILED:
            logger.exception("file %s could not be kept", wanted.id)
        else:
            rings.changed(wanted.conversation)

    async def _fetch_or_put_off(self, wanted: Wanted) -> None:
        account = self._accounts.get(wanted.channel)
        if account is None:
            await asyncio.to_thread(_give_up, wanted, _GONE, self._clock())
            return
        try:
            found = await self._found(self._api(account), wanted.source)
        except Refused as refused:
            await asyncio.to_thread(_give_up, wanted, refused.text, self._clock())
        except WechatError as error:
            # Fetching twice does no harm, so an unknown outcome is no reason to stop.
            await asyncio.to_thread(_put_off, wanted, error.text, self._clock())
        else:
            await self._keep(account, wanted, found)

    async def _found(self, api: WechatApi, source: dict[str, str]) -> Media:
        refused: Refused | None = None
        for name in ("media_id", "fallback_id"):
            if source.get(name):
                try:
                    return await api.fetch_media(source[name], LARGEST, SECONDS)
                except Refused as error:
                    refused = error
        if source.get("pic_url"):
            return await api.fetch_picture(source["pic_url"], LARGEST, SECONDS)
        raise refused or Refused(_GONE)

    async def _keep(self, account: Account, wanted: Wanted, found: Media) -> None:
        kind = sniff(found.content) or ""
        if not kind.startswith(("image/", "audio/")):
            await asyncio.to_thread(_give_up, wanted, _NOT_WHAT_IT_SAYS, self._clock())
            return
        await asyncio.to_thread(_store, wanted, found, kind, self._clock())
        if wanted.kind == "image" and account.kind == "miniprogram" and account.content_check:
            await self._have_checked(account, wanted)

    async def _have_checked(self, account: Account, wanted: Wanted) -> None:
        """Ask for WeChat's verdict on a picture, which comes as an event."""
        customer = await asyncio.to_thread(channel_and_customer, wanted.conversation)
        url = wanted.source.get("pic_url")
        if customer is None or not url:
            return
        try:
            trace = await self._api(account).check_media(customer[1], url, "image")
        except WechatError as error:
            logger.info("picture %s is not checked: %s", wanted.id, error.code)
            return
        await asyncio.to_thread(_remember_trace, wanted, trace)


def _due(now: float) -> list[Wanted]:
    query = (
        select(media, messages.c.kind)
        .join(messages, messages.c.id == media.c.message)
        .where(media.c.state == "pending", media.c.next_at <= now)
        .order_by(media.c.id)
        .limit(AT_A_TIME)
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    return [
        Wanted(r.id, r.conversation, r.channel, r.kind, json.loads(r.source), r.attempts)
        for r in rows
    ]


def _store(wanted: Wanted, found: Media, kind: str, now: float) -> None:
    values = {
        "state": "stored",
        "content": found.content,
        "content_type": kind,
        "size": len(found.content),
        "attempts": wanted.attempts + 1,
        "error": None,
        "done_at": now,
    }
    _change(wanted, values)


def _give_up(wanted: Wanted, error: str, now: float) -> None:
    _change(wanted, {"state": "failed", "error": error[:200], "done_at": now})


def _put_off(wanted: Wanted, error: str, now: float) -> None:
    attempts = wanted.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _give_up(wanted, error, now)
        return
    pause = _FIRST_PAUSE * 3 ** (attempts - 1)
    _change(wanted, {"attempts": attempts, "error": error[:200], "next_at": now + pause})


def _remember_trace(wanted: Wanted, trace: str) -> None:
    _change(wanted, {"trace_id": trace[:80]})


def _change(wanted: Wanted, values: dict[str, Any]) -> None:
    with writing() as connection:
        connection.execute(update(media).where(media.c.id == wanted.id).values(values))
