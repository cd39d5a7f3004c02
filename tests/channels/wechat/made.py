"""Accounts, pushes and what is in the outbox, for the tests of the channel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from kefu.channels.wechat import outbox, windows
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.intake import Taken, take_in
from kefu.channels.wechat.outbox import Send
from kefu.channels.wechat.pushes import Push, read_push
from kefu.storage import messages
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading
from kefu.storage.leases import Lease
from kefu.storage.tables import sends

OPENID = "o_customer"
MINIPROGRAM = Account("shop", "miniprogram", "wx1234567890abcdef", "secret", "token", "k" * 43)
OFFICIAL = replace(MINIPROGRAM, name="official", kind="official", msgmenu=True)


def push(kind: str = "text", **fields: Any) -> Push:
    """Return a push of the customer's."""
    common = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": 1000, "MsgType": kind}
    return read_push({**common, **fields}, "json")


def event(name: str, **fields: Any) -> Push:
    """Return an event of the customer's."""
    return push("event", Event=name, **fields)


def conversation(account: Account = MINIPROGRAM, openid: str = OPENID) -> str:
    """Return the customer's conversation id."""
    return pseudonym(account.channel, openid)


def take(
    arrival: Arrival, key: str = "m1", now: float = 1000.0, account: Account = MINIPROGRAM
) -> Taken:
    """Record an arrival of the customer's."""
    return take_in(account, OPENID, arrival, key, now)


def write(text: str = "在吗", now: float = 1000.0, key: str | None = None, **more: Any) -> int:
    """Have the customer write something; return the message's id."""
    account = more.pop("account", MINIPROGRAM)
    arrival = Arrival("text", text, trigger="message", **more)
    recorded = take(arrival, key or f"{text}.{now}", now, account).recorded
    assert recorded is not None
    return recorded.id


def reply(turn: int | None, *texts: str, account: Account = MINIPROGRAM, **more: Any) -> list[int]:
    """Have the bot say something, each text a message of its own; return their ids."""
    bodies = [json.dumps({"text": text, **more}, ensure_ascii=False) for text in texts]
    mine = conversation(account)
    return [messages.add_reply(mine, "bot", body, turn, 1001.0) for body in bodies]


def rows(*columns: str) -> list[tuple[Any, ...]]:
    """Return columns of all rows of the outbox."""
    with reading() as connection:
        found = connection.execute(sends.select().order_by(sends.c.id)).all()
    return [tuple(row._mapping[name] for name in columns) for row in found]


def content(body: dict[str, Any]) -> str:
    """Return the words of a text message."""
    return str(body["text"]["content"])


def agent(words: str) -> int:
    """Have a person write something; return the message's id."""
    return messages.add_reply(conversation(), "agent", words, None, 1000.0)


def claim(lease: Lease, now: float = 1000.0, account: Account = MINIPROGRAM) -> Send | None:
    """Claim the customer's next message."""
    return outbox.next_send(conversation(account), account, lease, now)


def claimed(lease: Lease, now: float = 1000.0) -> Send:
    """Claim the customer's next message, which there is."""
    send = claim(lease, now)
    assert send is not None
    return send


def left() -> int:
    """Return how many sends are left for the customer."""
    with reading() as connection:
        window = windows.window(connection, conversation())
    assert window is not None
    return window.sends_left


def states() -> list[str]:
    """Return the states of all rows of the outbox."""
    return [state for (state,) in rows("state")]
