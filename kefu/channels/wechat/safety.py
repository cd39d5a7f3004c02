"""What must not go out, and what a customer's message is to be looked at for.

Our word list decides at once. For mini-programs WeChat's content check is asked too; where
it cannot answer, because the customer has not opened the mini-program for two hours, its
quota is used up, or it does not reply, the word list alone decides.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import Verdict, WechatApi
from kefu.errors import KefuError
from kefu.knowledge.checks import forbidden_words
from kefu.settings import settings
from kefu.storage.engine import writing
from kefu.storage.recent import Recent
from kefu.storage.tables import objections

logger = logging.getLogger(__name__)

# Scenes of WeChat's check; a conversation is nearest to a comment.
SCENE = 2
SECONDS = 1.5
# WeChat's own labels.
LABELS = {
    10001: "广告",
    20001: "时政",
    20002: "色情",
    20003: "辱骂",
    20006: "违法犯罪",
    20008: "欺诈",
    20012: "低俗",
    20013: "版权",
    21000: "其他违规",
}
_KEPT_SECONDS = 24 * 3600.0
# WeChat refuses or is silent, or its token cannot be read from the database.
_NO_VERDICT = (KefuError, SQLAlchemyError, asyncio.TimeoutError)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Objection:
    """What is held against a text: by words (our list) or wechat, and why (Chinese)."""

    source: Literal["words", "wechat"]
    verdict: Literal["review", "risky"]
    reason: str


class ContentSafety:
    """Checks texts on their way out, and notes what customers send."""

    def __init__(
        self, api: Callable[[Account], WechatApi], clock: Callable[[], float] = time.time
    ) -> None:
        """Take how to reach WeChat for an account."""
        self._api = api
        self._clock = clock
        self._known: Recent[tuple[float, Verdict]] = Recent(5000)

    async def of_ours(
        self, account: Account, openid: str, author: str, text: str
    ) -> Objection | None:
        """Return what is held against a text that is about to go out, None when nothing is.

        What the bot says is made from templates, so that the numbers in it do not count.
        """
        found = words_against(text, ours=True)
        if found is not None or not _asks_wechat(account) or not text.strip():
            return found
        same = _DIGITS.sub("0", text) if author == "bot" else text
        return _objection(await self._verdict(account, openid, text, same))

    async def of_customers(self, account: Account, openid: str, text: str) -> Objection | None:
        """Return what is held against a customer's text, None when nothing is."""
        found = words_against(text, ours=False)
        if found is not None or not _asks_wechat(account) or not text.strip():
            return found
        return _objection(await self._verdict(account, openid, text, text))

    async def _verdict(self, account: Account, openid: str, text: str, same: str) -> Verdict | None:
        """Return WeChat's verdict, for a day the one it gave on the same text."""
        key = _key(account, same)
        known = self._remembered(key)
        if known is not None:
            return known
        try:
            verdict = await asyncio.wait_for(
                self._api(account).check_text(openid, text, SCENE), SECONDS
            )
        except _NO_VERDICT as error:
            reason = getattr(error, "code", None) or type(error).__name__
            logger.info("content check of %s gave no verdict: %s", account.name, reason)
            return None
        self._known.set(key, (self._clock(), verdict))
        return verdict

    def _remembered(self, key: str) -> Verdict | None:
        known = self._known.get(key)
        if known is None or known[0] < self._clock() - _KEPT_SECONDS:
            return None
        return known[1]


def words_against(text: str, ours: bool) -> Objection | None:
    """Return what our word lists hold against a text.

    `ours` also looks for what advertising law and WeChat forbid a merchant to say.
    """
    rules = settings().content
    words = [word for word in rules.risky_words if word and word in text]
    if ours:
        words += [word for word in rules.forbidden_words if word and word in text]
        words += forbidden_words(text)
    if not words:
        return None
    return Objection("words", "risky", f"含有违禁词「{'、'.join(dict.fromkeys(words))}」"[:80])


def note_objection(conversation: str, message: int, objection: Objection, now: float) -> None:
    """Keep what is held against a message, for the people who see the conversation."""
    with writing() as connection:
        note_in(connection, conversation, message, objection, now)


def note_in(
    connection: Connection, conversation: str, message: int, objection: Objection, now: float
) -> None:
    """Do what `note_objection` does in a transaction of the caller's."""
    values = {
        "conversation": conversation,
        "message": message,
        "source": objection.source,
        "verdict": objection.verdict,
        "reason": objection.reason,
        "created_at": now,
    }
    connection.execute(insert(objections).values(values))


def label_name(label: int) -> str:
    """Return what WeChat's label means."""
    return LABELS.get(label, f"标签 {label}")


def _asks_wechat(account: Account) -> bool:
    # Official accounts have no content check.
    return account.content_check and account.kind == "miniprogram"


def _objection(verdict: Verdict | None) -> Objection | None:
    if verdict is None or verdict.suggest == "pass":
        return None
    reason = f"微信内容检测：{label_name(verdict.label)}"
    return Objection("wechat", verdict.suggest, reason)


def _key(account: Account, text: str) -> str:
    return hashlib.sha256(f"{account.name}\x1f{text}".encode()).hexdigest()
