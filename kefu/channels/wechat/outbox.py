"""The outbox: what has to go to WeChat, what became of it, and nothing twice.

A row is marked before its call goes out. One whose process died in between may have
arrived: it becomes a dead letter and is not sent again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select, union, update
from sqlalchemy.engine import Connection

from kefu.channels.wechat import windows
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account
from kefu.channels.wechat.compose import Composed, as_text, compose
from kefu.channels.wechat.errors import meaning
from kefu.channels.wechat.options import Option, from_json, to_json
from kefu.storage.engine import reading, writing
from kefu.storage.leases import Lease
from kefu.storage.messages import Outgoing
from kefu.storage.tables import conversations, messages, sends

INTERRUPTED = "进程在发送途中中断，不知道顾客是否已收到，为避免重复没有再发"
NO_WINDOW = 45015
NONE_LEFT = 45047
TOO_MANY = "一次回复超过微信允许的条数，多出的没有发送"
UNKNOWN_ACCOUNT = "这个账号已不在 credentials.yml 里"
_ERROR_LENGTH = 200

_WAITING = (
    select(messages)
    .where(
        messages.c.conversation == bindparam("conversation"),
        messages.c.state == "pending",
        messages.c.author != "customer",
    )
    .order_by(messages.c.id)
)
_HEAD = (
    select(sends)
    .where(
        sends.c.conversation == bindparam("conversation"),
        sends.c.state.in_(("pending", "sending")),
    )
    .order_by(sends.c.id)
    .limit(1)
)
_DUE = union(
    select(messages.c.conversation)
    .join(conversations, conversations.c.id == messages.c.conversation)
    .where(
        messages.c.state == "pending",
        messages.c.author != "customer",
        conversations.c.channel.startswith(CHANNEL_PREFIX, autoescape=True),
    ),
    # What stands behind a message that waits is not due either.
    select(sends.c.conversation).where(
        sends.c.id.in_(
            select(func.min(sends.c.id))
            .where(sends.c.state.in_(("pending", "sending")))
            .group_by(sends.c.conversation)
        ),
        sends.c.state == "pending",
        sends.c.next_at <= bindparam("now"),
    ),
)
_PENDING = select(func.count()).where(
    sends.c.conversation == bindparam("conversation"), sends.c.state == "pending"
)


_CLAIM = (
    update(sends)
    .where(sends.c.id == bindparam("send"))
    .values(state="sending", attempts=bindparam("attempt"))
)
# What is sent stays sent; what was given up for dead may turn out to be sent.
_END = (
    update(sends)
    .where(sends.c.id == bindparam("send"), sends.c.state.not_in(("sent", "replaced")))
    .values(
        state=bindparam("new_state"),
        error=bindparam("new_error"),
        error_code=bindparam("new_code"),
        done_at=bindparam("now"),
    )
)
_DELIVER = (
    update(messages)
    .where(messages.c.id == bindparam("message"))
    .values(state="delivered", done_at=bindparam("now"))
)
_ADD = insert(sends)


@dataclass(frozen=True)
class Send:
    """One message on its way to WeChat.

    Attributes:
        id: Number of the row.
        conversation, channel: Whose it is.
        message: The outgoing message that it carries.
        author: bot, agent or system.
        body: `msgtype` and what belongs to it.
        options: What it lets the customer choose.
        attempts: How often it was tried, this time included.
        created_at: When it was put into the outbox, UTC seconds.
    """

    id: int
    conversation: str
    channel: str
    message: int
    author: str
    body: dict[str, Any]
    options: tuple[Option, ...]
    attempts: int
    created_at: float


_WHOSE = select(conversations.c.channel, conversations.c.customer).where(
    conversations.c.id == bindparam("conversation")
)


def due(now: float) -> list[str]:
    """Return the conversations for which something waits to be sent."""
    with reading() as connection:
        return list(connection.execute(_DUE, {"now": now}).scalars())


def channel_and_customer(conversation: str) -> tuple[str, str] | None:
    """Return a conversation's channel and openid, None when it is unknown."""
    with reading() as connection:
        row = connection.execute(_WHOSE, {"conversation": conversation}).first()
    return None if row is None else (row.channel, row.customer)


def next_send(conversation: str, account: Account, lease: Lease, now: float) -> Send | None:
    """Put what waits into the outbox and claim its first message; None when none is due.

    What WeChat would not take any more becomes a dead letter here, without a call.
    """
    with writing() as connection:
        return _next(connection, conversation, account, lease, now)


def sent(send: Send, now: float) -> None:
    """Note that WeChat took a message."""
    with writing() as connection:
        _end(connection, send.id, "sent", None, None, now)


def sent_and_next(send: Send, account: Account, lease: Lease, now: float) -> Send | None:
    """Note that WeChat took a message; claim the customer's next one as `next_send` does."""
    with writing() as connection:
        _end(connection, send.id, "sent", None, None, now)
        return _next(connection, send.conversation, account, lease, now)


def put_off(send: Send, error: str, code: int | None, until: float) -> None:
    """Note that a message was not taken and is tried again at `until`."""
    again = {"state": "pending", "error": error[:_ERROR_LENGTH], "error_code": code}
    with writing() as connection:
        which = (sends.c.id == send.id) & (sends.c.state == "sending")
        connection.execute(update(sends).where(which).values(next_at=until, **again))
        windows.use(connection, send.conversation, -1)


def bury(send: Send, error: str, code: int | None, now: float, arrived: bool | None) -> None:
    """Make a message a dead letter.

    `arrived` is None where it is not known whether the customer has it.
    """
    with writing() as connection:
        _end(connection, send.id, "dead", error, code, now)
        if code in (NO_WINDOW, NONE_LEFT):
            windows.close(connection, send.conversation, now if code == NO_WINDOW else None)
        elif arrived is False:
            windows.use(connection, send.conversation, -1)


def change_body(send: Send, body: dict[str, Any]) -> None:
    """Put another body in the place of one that the account cannot send."""
    changed = update(sends).where(sends.c.id == send.id)
    with writing() as connection:
        connection.execute(changed.values(body=json.dumps(body, ensure_ascii=False)))


def bury_interrupted(now: float) -> int:
    """Make dead letters of what another process was sending when it died; return how many."""
    values = {"state": "dead", "error": INTERRUPTED, "done_at": now}
    with writing() as connection:
        dead = connection.execute(update(sends).where(sends.c.state == "sending").values(values))
    return int(dead.rowcount)


def bury_all(conversation: str, error: str, now: float) -> None:
    """Make dead letters of all that waits for a customer who cannot be reached any more."""
    ended = {"state": "dead", "error": error[:_ERROR_LENGTH], "done_at": now}
    mine = (sends.c.conversation == conversation) & (sends.c.state == "pending")
    with writing() as connection:
        waiting = list(connection.execute(_WAITING, {"conversation": conversation}))
        _deliver(connection, [row.id for row in waiting], now)
        connection.execute(update(sends).where(mine).values(ended))
        whose = connection.execute(_WHOSE, {"conversation": conversation}).first()
        # Of a customer who was erased meanwhile nothing is kept.
        for row in waiting if whose is not None else ():
            fields = _fields(conversation, whose.channel, as_text(_outgoing(row)))
            connection.execute(_ADD, {**new_row(fields, now), **ended})


def _next(
    connection: Connection, conversation: str, account: Account, lease: Lease, now: float
) -> Send | None:
    if not lease.is_held(connection):
        return None
    _plan(connection, conversation, account, now)
    while True:
        head = connection.execute(_HEAD, {"conversation": conversation}).first()
        if head is None or head.state == "sending" or head.next_at > now:
            return None
        window = windows.window(connection, conversation)
        refusal = _refusal(window, now)
        if refusal is None:
            return _claim(connection, head)
        _end(connection, head.id, "dead", meaning(refusal), refusal, now)


def _plan(connection: Connection, conversation: str, account: Account, now: float) -> None:
    """Turn messages that wait into rows of the outbox."""
    waiting = list(connection.execute(_WAITING, {"conversation": conversation}))
    if not waiting:
        return
    composed = compose([_outgoing(row) for row in waiting], account)
    room = _room(connection, conversation, composed, now)
    for number, part in enumerate(composed):
        row = new_row(_fields(conversation, account.channel, part), now)
        if number >= room:
            row |= {"state": "dead", "error": TOO_MANY, "error_code": NONE_LEFT, "done_at": now}
        connection.execute(_ADD, row)
    _deliver(connection, [row.id for row in waiting], now)


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(row.id, row.author, row.body, row.turn, row.created_at, row.kind)


def _room(
    connection: Connection, conversation: str, composed: Sequence[Composed], now: float
) -> int:
    """Return how many of these the bot may send, with one kept for a person's notice."""
    window = windows.window(connection, conversation)
    only_bot = all(part.author == "bot" for part in composed)
    if window is None or window.open_until <= now or not only_bot:
        return len(composed)
    before = connection.execute(_PENDING, {"conversation": conversation}).scalar_one()
    return max(1, window.sends_left - windows.RESERVE - int(before))


def _fields(conversation: str, channel: str, part: Composed) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "channel": channel,
        "message": part.message,
        "turn": part.turn,
        "author": part.author,
        "body": json.dumps(part.body, ensure_ascii=False),
        "options": to_json(part.options),
    }


def new_row(fields: dict[str, Any], now: float) -> dict[str, Any]:
    """Return a row of the outbox that waits to be sent."""
    return {
        **fields,
        "state": "pending",
        "attempts": 0,
        "error": None,
        "error_code": None,
        "next_at": now,
        "created_at": now,
        "done_at": None,
    }


def _deliver(connection: Connection, ids: list[int], now: float) -> None:
    if ids:
        connection.execute(_DELIVER, [{"message": id_, "now": now} for id_ in ids])


def _refusal(window: windows.Window | None, now: float) -> int | None:
    """Return the errcode that WeChat would answer, None while it takes messages."""
    if window is None:
        return None
    if window.open_until <= now:
        return NO_WINDOW
    return NONE_LEFT if window.sends_left <= 0 else None


def _claim(connection: Connection, head: Any) -> Send:
    attempts = head.attempts + 1
    connection.execute(_CLAIM, {"send": head.id, "attempt": attempts})
    windows.use(connection, head.conversation, 1)
    return Send(
        head.id,
        head.conversation,
        head.channel,
        head.message,
        head.author,
        json.loads(head.body),
        tuple(from_json(head.options)),
        attempts,
        head.created_at,
    )


def _end(
    connection: Connection, number: int, state: str, error: str | None, code: int | None, now: float
) -> None:
    ended = {"new_state": state, "new_error": error and error[:_ERROR_LENGTH], "new_code": code}
    connection.execute(_END, {"send": number, "now": now, **ended})
