"""Customers who wait and write, and what other programs do for them, for tests of the desk."""

from __future__ import annotations

import json
import time

from sqlalchemy import update

from kefu import rings
from kefu.handoff import holder
from kefu.handoff.records import Handoff
from kefu.storage import messages
from kefu.storage.conversations import remember
from kefu.storage.engine import writing
from kefu.storage.tables import handoffs, send_windows, sends
from kefu.storage.tables import messages as messages_table
from kefu.storage.upsert import insert_or_update


def arrives(name: str = "o_1", channel: str = "rest") -> str:
    """Let a customer be here; return the conversation id."""
    return remember(channel, name, time.time())


def says(conversation: str, text: str, kind: str = "text") -> int:
    """Let a customer write, as a channel records and rings it; return the message id."""
    recorded = messages.record(conversation, "customer", kind, text, None, time.time())
    rings.changed(conversation)
    return recorded.id


def bot_says(conversation: str, text: str, *buttons: str) -> int:
    """Let the bot answer."""
    reply = {"text": text, "buttons": [{"title": one, "payload": one} for one in buttons]}
    body = json.dumps(reply, ensure_ascii=False)
    number = messages.add_reply(conversation, "bot", body, None, time.time(), "delivered")
    rings.changed(conversation)
    return number


def waits(
    conversation: str, question: str = "怎么还没发货", category: str = "logistics"
) -> Handoff:
    """Let a customer ask for a person and wait, whatever time of the day it is."""
    says(conversation, question)
    handoff = holder.request(conversation, "keyword", question, category, time.time())
    with writing() as connection:
        here = update(handoffs).where(handoffs.c.id == handoff.id)
        connection.execute(here.values(state="waiting"))
    rings.changed(conversation)
    return holder.get(handoff.id)


def leaves_ticket(conversation: str, question: str = "周末发货吗") -> Handoff:
    """Let a customer leave a message for later."""
    handoff = waits(conversation, question)
    left = holder.leave(conversation, time.time())
    assert left is not None
    rings.changed(conversation)
    return holder.get(handoff.id)


def window(conversation: str, sends_left: int, until: float) -> None:
    """Let WeChat take so many messages more."""
    with writing() as connection:
        insert_or_update(
            connection,
            send_windows,
            on=("conversation",),
            keep=(),
            conversation=conversation,
            sends_left=sends_left,
            open_until=until,
        )
    rings.changed(conversation)


def send_row(conversation: str, message: int, state: str, error: str | None) -> None:
    """Put what became of a message into WeChat's outbox."""
    with writing() as connection:
        connection.execute(
            update(messages_table).where(messages_table.c.id == message).values(state="delivered")
        )
        connection.execute(
            sends.insert().values(
                conversation=conversation,
                channel="wechat:miniprogram",
                message=message,
                author="agent",
                body="{}",
                state=state,
                attempts=1,
                error=error,
                next_at=0.0,
                created_at=time.time(),
            )
        )
    rings.changed(conversation)
