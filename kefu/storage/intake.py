"""What reception reads and writes around a turn, each step in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading, writing
from kefu.storage.tables import conversations, handoffs, messages, trackers, turns
from kefu.storage.upsert import insert_or_update

# How many of the bot's last messages a press of a button may refer to.
_BUTTONS_OF_LAST = 6


@dataclass(frozen=True)
class Surroundings:
    """What is known about a conversation before its turn.

    Attributes:
        active_loop: Form that waits for input, if any.
        payloads: What the buttons of the bot's last messages say.
        page, page_order_no: Where the customer came from.
        ticket: Whether a message was left for people who are not there yet.
    """

    active_loop: str | None
    payloads: frozenset[str]
    page: str | None
    page_order_no: str | None
    ticket: bool


@dataclass(frozen=True)
class Settled:
    """How a turn ended.

    Attributes:
        conversation, channel: Where it took place.
        turn: Message that was answered; the last of a burst.
        merged: The other messages of the burst.
        state: answered, failed or held.
        replies: In Rasa's REST format, without recipient.
        reply_state: delivered, or pending for a later request of the customer's.
        outcome, label, score: For the figures.
        started_at, now: Receipt and end, UTC seconds.
        test: Whether it stays out of the figures.
    """

    conversation: str
    channel: str
    turn: int
    merged: Sequence[int]
    state: str
    replies: Sequence[dict[str, Any]]
    reply_state: str
    outcome: str
    label: str | None
    score: float | None
    started_at: float
    now: float
    test: bool = False


def surroundings(conversation: str) -> Surroundings:
    """Return what a turn of the conversation needs to know."""
    loop = select(trackers.c.active_loop).where(trackers.c.sender == conversation)
    visit = select(conversations.c.page, conversations.c.page_order_no).where(
        conversations.c.id == conversation
    )
    said = (
        select(messages.c.body)
        .where(messages.c.conversation == conversation, messages.c.author == "bot")
        .order_by(messages.c.id.desc())
        .limit(_BUTTONS_OF_LAST)
    )
    left = select(handoffs.c.id).where(
        handoffs.c.open_key == conversation, handoffs.c.state == "left"
    )
    with reading() as connection:
        active_loop = connection.execute(loop).scalar()
        page = connection.execute(visit).first()
        ticket = connection.execute(left).first()
        bodies = connection.execute(said).scalars().all()
    shown = [button for body in bodies for button in json.loads(body).get("buttons") or []]
    return Surroundings(
        active_loop,
        frozenset(button["payload"] for button in shown),
        page.page if page else None,
        page.page_order_no if page else None,
        ticket is not None,
    )


def settle(settled: Settled) -> None:
    """Write the end of a turn: its replies, the state of its messages, its row for the figures."""
    with writing() as connection:
        for reply in settled.replies:
            connection.execute(insert(messages).values(**_reply_row(settled, reply)))
        ended = {"done_at": settled.now, "turn": settled.turn}
        _close(connection, [settled.turn], state=settled.state, **ended)
        _close(connection, settled.merged, state="merged", **ended)
        insert_or_update(connection, turns, on=("id",), **_turn_row(settled))


def _reply_row(settled: Settled, reply: dict[str, Any]) -> dict[str, Any]:
    delivered = settled.reply_state == "delivered"
    return {
        "conversation": settled.conversation,
        "author": "bot",
        "kind": "text",
        "body": json.dumps(reply, ensure_ascii=False),
        "state": settled.reply_state,
        "turn": settled.turn,
        "created_at": settled.now,
        "done_at": settled.now if delivered else None,
    }


def _turn_row(settled: Settled) -> dict[str, Any]:
    return {
        "id": settled.turn,
        "conversation": settled.conversation,
        "channel": settled.channel,
        "started_at": settled.started_at,
        "outcome": settled.outcome,
        "label": settled.label,
        "score": settled.score,
        "reply_seconds": settled.now - settled.started_at,
        "messages": 1 + len(settled.merged),
        "test": settled.test,
    }


def _close(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    if ids:
        connection.execute(update(messages).where(messages.c.id.in_(list(ids))).values(**values))
