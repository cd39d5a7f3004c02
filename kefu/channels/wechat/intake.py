"""Recording what WeChat pushes: the message, the visit, the window and the media in one step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.entry_page import EntryPage
from kefu.channels.wechat.options import LONGEST, Option, from_json, picked
from kefu.channels.wechat.windows import open_window
from kefu.storage.conversations import Visit, note
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import writing
from kefu.storage.messages import Recorded, record_in
from kefu.storage.tables import media, messages, sends

# What the customer sees last. A reply may have several parts, and options in one of them.
_SHOWN_LAST = (
    select(sends.c.message, sends.c.options)
    .where(
        sends.c.conversation == bindparam("conversation"),
        sends.c.state.in_(("sending", "sent")),
    )
    .order_by(sends.c.id.desc())
    .limit(5)
)
_SHOWN_LONG_AGO = (
    select(sends.c.options)
    .where(sends.c.conversation == bindparam("conversation"), sends.c.options.is_not(None))
    .order_by(sends.c.id.desc())
    .limit(20)
)


@dataclass(frozen=True)
class Taken:
    """What was recorded of a push, and in which conversation; None where there is no message."""

    conversation: str
    recorded: Recorded | None


def take_in(
    account: Account, openid: str, arrival: Arrival, key: str, now: float, held: bool = False
) -> Taken:
    """Record an arrival in one transaction.

    Args:
        account: The account that it came to.
        openid: The customer.
        arrival: What came.
        key: What a repeat has in common with it; names no customer.
        now: UTC seconds.
        held: Whether people have the customer, so that no turn is due.
    """
    with writing() as connection:
        return take_in_with(connection, account, openid, arrival, key, now, held)


def take_in_with(
    connection: Connection,
    account: Account,
    openid: str,
    arrival: Arrival,
    key: str,
    now: float,
    held: bool = False,
) -> Taken:
    """Do what `take_in` does in a transaction of the caller's."""
    conversation = pseudonym(account.channel, openid)
    recorded = None
    if arrival.kind is not None:
        note(connection, conversation, _visit(account, openid, arrival), now)
        recorded = _record(connection, conversation, arrival, key, now)
        if held and not recorded.repeat:
            _hold(connection, recorded.id, now)
    if arrival.trigger is not None and not (recorded and recorded.repeat):
        open_window(connection, conversation, arrival.trigger, now)
    if arrival.media and recorded and not recorded.repeat:
        _keep_media(connection, account, conversation, recorded.id, arrival.media, now)
    return Taken(conversation, recorded)


def _visit(account: Account, openid: str, arrival: Arrival) -> Visit:
    if arrival.page is None or (arrival.kind == "card" and arrival.page == EntryPage()):
        return Visit(account.channel, openid)
    # "" and not None: who enters without a page does not come from the last one.
    return Visit(account.channel, openid, arrival.page.page, arrival.page.order_no)


def _record(
    connection: Connection, conversation: str, arrival: Arrival, key: str, now: float
) -> Recorded:
    kind = str(arrival.kind)
    author = "system" if kind == "enter" else "customer"
    text = _meant(connection, conversation, arrival) if kind == "text" else arrival.text
    return record_in(connection, conversation, author, kind, text, key, now)


def _meant(connection: Connection, conversation: str, arrival: Arrival) -> str:
    """Return what the customer says: the option's own words where one was picked."""
    if len(arrival.text) > LONGEST and not arrival.menu_id:
        return arrival.text
    asked = {"conversation": conversation}
    if arrival.menu_id:
        said = _clicked(connection, asked, arrival)
    else:
        said = picked(_shown_last(connection, asked), arrival.text)
    return arrival.text if said is None else said


def _shown_last(connection: Connection, asked: dict[str, str]) -> list[Option]:
    parts = connection.execute(_SHOWN_LAST, asked).all()
    stored = (part.options for part in parts if part.message == parts[0].message)
    return from_json(next(filter(None, stored), None))


def _clicked(connection: Connection, asked: dict[str, str], arrival: Arrival) -> str | None:
    """Return what an option of a menu says, which may stand further up in the chat."""
    menus = [from_json(stored) for stored in connection.execute(_SHOWN_LONG_AGO, asked).scalars()]
    known = [option for menu in menus for option in menu]
    by_id = (option.payload for option in known if option.id == arrival.menu_id)
    return next(by_id, None) or picked(known, arrival.text)


def _hold(connection: Connection, message: int, now: float) -> None:
    held = update(messages).where(messages.c.id == message)
    connection.execute(held.values(state="held", turn=message, done_at=now))


def _keep_media(
    connection: Connection,
    account: Account,
    conversation: str,
    message: int,
    source: dict[str, str],
    now: float,
) -> None:
    row: dict[str, Any] = {
        "message": message,
        "conversation": conversation,
        "channel": account.channel,
        "source": json.dumps(source),
        "state": "pending",
        "attempts": 0,
        "next_at": now,
        "created_at": now,
    }
    connection.execute(insert(media).values(row))
