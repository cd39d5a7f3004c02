"""Everything said, in and out: the durable record, the outbox and the transcript."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading, writing
from kefu.storage.reply_text import readable
from kefu.storage.tables import conversations, messages
from kefu.storage.upsert import insert_or_ignore

_KEY_LENGTH = 128

_BY_US = (
    select(messages)
    .where(messages.c.author != "customer", messages.c.kind.not_in(("event", "enter")))
    .order_by(messages.c.id)
)
_WAITING = _BY_US.where(
    messages.c.conversation == bindparam("conversation"), messages.c.state == "pending"
)

# What no answer carried: people's words, notices, and what the bot said by itself.
_BESIDE_ANSWERS = _BY_US.where(
    messages.c.conversation == bindparam("conversation"),
    messages.c.id > bindparam("after"),
    or_(messages.c.author != "bot", messages.c.turn.is_(None), messages.c.state == "pending"),
)
_MOST_AFTER = 200

_STATE = select(messages.c.state).where(messages.c.id == bindparam("message"))
# What a turn is due for: a customer's message, or the opening of a chat.
_ASKS = (messages.c.state == "received") & (
    (messages.c.author == "customer") | (messages.c.kind == "enter")
)
_UNANSWERED = (
    select(
        messages.c.id,
        messages.c.conversation,
        conversations.c.channel,
        conversations.c.page,
        messages.c.kind,
        messages.c.body,
        messages.c.created_at,
    )
    .join(conversations, conversations.c.id == messages.c.conversation)
    .where(_ASKS)
    .order_by(messages.c.id)
)
_AMONG = messages.c.id.in_(bindparam("ids", expanding=True))
_STILL_UNANSWERED = _UNANSWERED.where(_AMONG)
_WAITING_AMONG = select(messages.c.id).where(_ASKS, _AMONG).order_by(messages.c.id)


@dataclass(frozen=True)
class Recorded:
    """A message of a customer as the database knows it.

    Attributes:
        id: Message id; also the id of the turn it starts.
        repeat: It was recorded before; the other fields are those of the first time.
        state: received, answered, merged, failed or held.
        turn: The message whose turn answered it; None until then.
        created_at: When it was first recorded, UTC seconds.
    """

    id: int
    repeat: bool
    state: str
    turn: int | None
    created_at: float


@dataclass(frozen=True)
class Unanswered:
    """A message of a customer that was recorded, and whose turn has not ended.

    Attributes:
        id: Message id.
        conversation, channel: Where it was written.
        page: Entry page of the customer's last visit.
        kind, body: As in `tables.messages`.
        created_at: When it was recorded, UTC seconds.
    """

    id: int
    conversation: str
    channel: str
    page: str | None
    kind: str
    body: str
    created_at: float


@dataclass(frozen=True)
class Outgoing:
    """A message to a customer; the body of the bot's is JSON, an agent's is text.

    `kind` is text, or image for a picture of a person's, whose file is in `media`.
    """

    id: int
    author: str
    body: str
    turn: int | None
    created_at: float
    kind: str = "text"


@dataclass(frozen=True)
class Added:
    """An outgoing message: its id, and whether this very call recorded it."""

    id: int
    new: bool


@dataclass(frozen=True)
class Line:
    """One line of a transcript: UTC seconds, author, readable text, and the message's id."""

    at: float
    author: str
    text: str
    message: int = field(default=0, compare=False)


def record(
    conversation: str, author: str, kind: str, body: str, key: str | None, now: float
) -> Recorded:
    """Record an incoming message in one atomic step.

    Args:
        conversation: Conversation id.
        author: customer, or system for an event of the channel.
        kind: text, image, voice or event.
        body: Text, or what stands for it.
        key: The channel's own id, stored as it is: it must not name the customer.
            None where the channel has none; then nothing counts as a repeat.
        now: UTC seconds.
    """
    with writing() as connection:
        return record_in(connection, conversation, author, kind, body, key, now)


def record_in(
    connection: Connection,
    conversation: str,
    author: str,
    kind: str,
    body: str,
    key: str | None,
    now: float,
) -> Recorded:
    """Do what `record` does in a transaction of the caller's."""
    key = None if key is None else _storable(key)
    row = {"author": author, "kind": kind, "body": body, "state": "received", "created_at": now}
    made = insert_or_ignore(
        connection,
        messages,
        on=("conversation", "key"),
        conversation=conversation,
        key=key,
        **row,
    )
    if made is not None:
        return Recorded(made, False, "received", None, now)
    same = (messages.c.conversation == conversation) & (messages.c.key == key)
    first = connection.execute(select(messages).where(same)).one()
    return Recorded(first.id, True, first.state, first.turn, first.created_at)


def add_reply(
    conversation: str, author: str, body: str, turn: int | None, now: float, state: str = "pending"
) -> int:
    """Record an outgoing message and return its id.

    Args:
        conversation: Conversation id.
        author: bot, agent or system.
        body: JSON in Rasa's REST format from the bot, text from an agent.
        turn: The customer's message that it answers.
        now: UTC seconds.
        state: `pending` until a channel takes it; `delivered` when it is on its way.
    """
    values = {
        "conversation": conversation,
        "author": author,
        "kind": "text",
        "body": body,
        "state": state,
        "turn": turn,
        "created_at": now,
        "done_at": now if state == "delivered" else None,
    }
    with writing() as connection:
        row: int = connection.execute(insert(messages).values(values)).inserted_primary_key[0]
    return row


def add_in(
    connection: Connection,
    conversation: str,
    author: str,
    body: str,
    now: float,
    *,
    kind: str = "text",
    key: str | None = None,
) -> Added:
    """Record an outgoing message that waits for its channel, in a transaction of the caller's.

    Args:
        connection: Of that transaction.
        conversation: Conversation id.
        author: bot, agent or system.
        body: As for `add_reply`.
        now: UTC seconds.
        kind: text or image.
        key: What it is known by; the same one again gives the first message and no second.
    """
    key = None if key is None else _storable(key)
    row = {"author": author, "kind": kind, "body": body, "state": "pending", "created_at": now}
    whose = {"conversation": conversation, "key": key}
    on = ("conversation", "key")
    made = insert_or_ignore(connection, messages, on=on, **whose, **row)
    if made is not None:
        return Added(made, True)
    same = (messages.c.conversation == conversation) & (messages.c.key == key)
    first: int = connection.execute(select(messages.c.id).where(same)).scalar_one()
    return Added(first, False)


def of_key(conversation: str, key: str) -> int | None:
    """Return the id of the message that is known by a key, None when there is none."""
    same = (messages.c.conversation == conversation) & (messages.c.key == _storable(key))
    with reading() as connection:
        found: int | None = connection.execute(select(messages.c.id).where(same)).scalar()
    return found


def reply_of(turn: int) -> list[Outgoing]:
    """Return what was said in answer to a customer's message, oldest first.

    A message that was merged into another shares the answer of that one.
    """
    asked = select(messages.c.conversation, messages.c.state, messages.c.turn)
    with reading() as connection:
        question = connection.execute(asked.where(messages.c.id == turn)).first()
        if question is None:
            return []
        answered = question.turn if question.state == "merged" else turn
        ours = (messages.c.conversation == question.conversation) & (messages.c.turn == answered)
        return _outgoing(connection.execute(_BY_US.where(ours)))


def pending_out(conversation: str) -> list[Outgoing]:
    """Return what waits to be handed to the customer, oldest first, without taking it."""
    with reading() as connection:
        return _outgoing(connection.execute(_WAITING, {"conversation": conversation}))


def out_after(conversation: str, after: int, now: float) -> list[Outgoing]:
    """Return what was said beside the bot's answers after a message, and take what waits of it.

    The same call again returns the same: for readers who say how far they have read, so
    that nothing is lost with an answer that does not reach them.
    """
    asked = {"conversation": conversation, "after": after}
    with reading() as connection:
        rows = connection.execute(_BESIDE_ANSWERS.limit(_MOST_AFTER), asked).all()
    waiting = [row.id for row in rows if row.state == "pending"]
    if waiting:
        mark_delivered(waiting, now)
    return _outgoing(rows)


def mark_delivered(ids: Iterable[int], now: float) -> list[int]:
    """Take outgoing messages; return those that nobody else took before.

    Only these may be handed over: of two readers each message goes to one.
    """
    mine = messages.c.id.in_(list(ids)) & (messages.c.state == "pending")
    taken = update(messages).values(state="delivered", done_at=now)
    with writing() as connection:
        won = connection.execute(select(messages.c.id).where(mine).with_for_update()).scalars()
        claimed = sorted(won)
        connection.execute(taken.where(messages.c.id.in_(claimed)))
    return claimed


def take_out(conversation: str, now: float) -> list[Outgoing]:
    """Take everything that waits for the customer, oldest first, in one step."""
    waiting = pending_out(conversation)
    claimed = set(mark_delivered([m.id for m in waiting], now)) if waiting else set()
    return [message for message in waiting if message.id in claimed]


def unanswered(older_than: float) -> list[Unanswered]:
    """Return customers' messages recorded before `older_than` whose turn never ended."""
    query = _UNANSWERED.where(messages.c.created_at < older_than)
    with reading() as connection:
        return [Unanswered(*row) for row in connection.execute(query)]


def waiting_for_turn(channels: str) -> list[int]:
    """Return the ids of customers' messages whose turn has not ended, oldest first.

    Args:
        channels: What the names of the channels begin with.
    """
    query = (
        select(messages.c.id)
        .join(conversations, conversations.c.id == messages.c.conversation)
        .where(_ASKS, conversations.c.channel.startswith(channels, autoescape=True))
        .order_by(messages.c.id)
    )
    with reading() as connection:
        return list(connection.execute(query).scalars())


def waiting_among(ids: Iterable[int]) -> list[int]:
    """Return those of the customers' messages whose turn has not ended."""
    with reading() as connection:
        found = connection.execute(_WAITING_AMONG, {"ids": list(ids)})
        return list(found.scalars())


def state_of(message: int) -> str | None:
    """Return the state of a message, None when there is none of that number."""
    with reading() as connection:
        found = connection.execute(_STATE, {"message": message})
        state: str | None = found.scalar()
    return state


def still_unanswered(ids: Iterable[int]) -> list[Unanswered]:
    """Return those of the messages whose turn has not ended, oldest first."""
    with reading() as connection:
        found = connection.execute(_STILL_UNANSWERED, {"ids": list(ids)})
        return [Unanswered(*row) for row in found]


def transcript(conversation: str, limit: int = 200) -> list[Line]:
    """Return the last `limit` messages, oldest first, the bot's as a person would see them."""
    query = (
        select(messages)
        .where(messages.c.conversation == conversation)
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    rows.reverse()
    return [Line(r.created_at, r.author, readable(r.author, r.kind, r.body), r.id) for r in rows]


def _outgoing(rows: Iterable[Any]) -> list[Outgoing]:
    return [Outgoing(r.id, r.author, r.body, r.turn, r.created_at, r.kind) for r in rows]


def _storable(key: str) -> str:
    """Return the key, or its digest where the column could not hold it."""
    if len(key) <= _KEY_LENGTH and key.isprintable():
        return key
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
