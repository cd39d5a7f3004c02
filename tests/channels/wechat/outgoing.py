"""A sender at work, and what tests of it put in and see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.intake import take_in
from kefu.channels.wechat.safety import ContentSafety
from kefu.channels.wechat.sender import Sender
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage import messages, tables
from kefu.storage.leases import Lease
from tests.channels.scripted import until
from tests.channels.wechat.platform import OPENID, Clock, conversation, rows

CALL_SECONDS = 0.3


def write(account: Account, clock: Clock, openid: str = OPENID, key: str = "1") -> str:
    """Let a customer write, which opens the window for sends; return the conversation."""
    arrival = Arrival("text", "在吗", trigger="message")
    taken = take_in(account, openid, arrival, f"key-{key}", clock())
    return taken.conversation


def reply(where: str, text: str, clock: Clock, author: str = "agent", **more: Any) -> int:
    """Put a message to the customer into line."""
    body = text if author == "agent" else json.dumps({"text": text, **more})
    return messages.add_reply(where, author, body, None, clock())


def states() -> list[str]:
    return [row.state for row in rows(tables.sends)]


def errors() -> list[tuple[str | None, int | None]]:
    return [(row.error, row.error_code) for row in rows(tables.sends)]


def objections() -> list[tuple[str, str, str]]:
    return [(row.source, row.verdict, row.reason) for row in rows(tables.objections)]


@dataclass
class Works:
    """A sender with its clock; `conversation` is that of the customer who wrote."""

    account: Account
    clock: Clock
    sender: Sender
    conversation: str = field(init=False)

    def __post_init__(self) -> None:
        self.conversation = conversation(self.account)

    async def go(self, *wanted: str) -> None:
        """Look once and wait until the outbox is in these states."""
        assert await self.sender.look()
        await until(lambda: states() == list(wanted))

    async def idle(self) -> None:
        """Look, and wait until the customer's line is at rest."""
        assert await self.sender.look()
        await until(lambda: not self.sender._busy)


@asynccontextmanager
async def works(
    account: Account, clock: Clock, seconds: float = CALL_SECONDS, lease: Lease | None = None
) -> AsyncIterator[Works]:
    """Give a sender for an account whose customer has just written."""
    write(account, clock)
    session = open_session()
    tokens = TokenStore(session, clock)

    def made(asked: Account) -> WechatApi:
        return WechatApi(asked, session, tokens, seconds)

    safety = ContentSafety(made, clock)
    lease = lease or Lease("wechat_outbox")
    sender = Sender({account.channel: account}, made, safety, lease, clock)
    try:
        yield Works(account, clock, sender)
    finally:
        await sender.finish()
        await session.close()
