"""What reception reads and writes around a turn, each step in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, exists, insert, select, update

from kefu.storage import media
from kefu.storage.conversations import Visit, note
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading, writing
from kefu.storage.messages import Recorded, record_in
from kefu.storage.recent import Recent
from kefu.storage.tables import conversations, handoffs, messages, trackers, turns
from kefu.storage.upsert import insert_or_update

# How many of the bot's last messages a press of a button may refer to.
_BUTTONS_OF_LAST = 6

# A question leans on the one before it for as long as people remember what it was.
_TOPIC_SECONDS = 600

# Statements stand here because building one takes longer than running it.
_ASKED = select(bindparam("conversation", type_=String).label("id")).subquery()
_SAID = (
    select(messages.c.turn, messages.c.body)
    .where(messages.c.conversation == bindparam("conversation"), messages.c.author == "bot")
    .order_by(messages.c.id.desc())
    .limit(_BUTTONS_OF_LAST)
)
_LAST_TURN = _SAID.with_only_columns(messages.c.turn).limit(1).scalar_subquery()
# What the last turn answered; a form or an unanswered turn leaves nothing to lean on.
_TOPIC = select(turns.c.label).where(
    turns.c.id == _LAST_TURN,
    turns.c.outcome.in_(("answered", "picked", "task")),
    turns.c.started_at >= bindparam("since"),
)
_WAITING = select(messages.c.id).where(
    messages.c.conversation == bindparam("conversation"), messages.c.state == "pending"
)
_CALLED = select(handoffs.c.id).where(handoffs.c.conversation == bindparam("conversation"))
_AROUND = (
    select(
        trackers.c.active_loop,
        conversations.c.page,
        conversations.c.page_order_no,
        conversations.c.terms_told,
        handoffs.c.state,
        _LAST_TURN.label("last_turn"),
        _TOPIC.scalar_subquery().label("topic"),
        exists(_WAITING).label("waiting"),
        exists(_CALLED).label("called"),
    )
    .select_from(_ASKED)
    .outerjoin(conversations, conversations.c.id == _ASKED.c.id)
    .outerjoin(trackers, trackers.c.sender == _ASKED.c.id)
    .outerjoin(handoffs, handoffs.c.open_key == _ASKED.c.id)
)
_REPLY = insert(messages)
_END = (
    update(messages)
    .where(messages.c.id == bindparam("message"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "turn", "done_at")})
)

_TOLD = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation"))
    .values(terms_told=bindparam("version"))
)


@dataclass(frozen=True)
class Surroundings:
    """What is known about a conversation before its turn.

    Attributes:
        active_loop: Form that waits for input, if any.
        payloads: What the buttons of the bot's last messages say.
        page, page_order_no: Where the customer came from.
        handoff: State of the open handoff: waiting, agent, or left (a message for people
            who are not there yet); None where there is none.
        waiting: Whether messages wait to be handed to the customer.
        topic: Label of what was answered just before, if anything was.
        called: Whether a person was ever called.
        terms_told: Version of the service terms that the customer was told of.
    """

    active_loop: str | None
    payloads: frozenset[str]
    page: str | None
    page_order_no: str | None
    handoff: str | None
    waiting: bool
    topic: str | None = None
    called: bool = False
    terms_told: str | None = None


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
        terms: Version of the service terms that the replies tell of; None: they do not.
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
    terms: str | None = None


class Picture(NamedTuple):
    """A file, and what it is by its first bytes."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class Said:
    """What came in: author, kind and body as in `tables.messages`, and the channel's own id.

    A picture that came as a file is kept with its message.
    """

    author: str
    kind: str
    body: str
    key: str | None
    picture: Picture | None = None


class _Seen(NamedTuple):
    visit: Visit
    minute: int


class _Shown(NamedTuple):
    """What the buttons of each of the bot's last messages say, and the turn of the last one."""

    turn: int | None
    payloads: tuple[tuple[str, ...], ...]


class Intake:
    """Reads and writes; what this process wrote or read just now it does not do again."""

    def __init__(self) -> None:
        self._seen: Recent[_Seen] = Recent()
        self._shown: Recent[_Shown] = Recent()

    def take_in(self, visit: Visit, said: Said, now: float) -> tuple[str, Recorded]:
        """Record a message as `messages.record` does; return the conversation id with it.

        That the customer was here is noted once a minute, and when the page is another.
        """
        conversation = pseudonym(visit.channel, visit.customer)
        seen = _Seen(visit, int(now // 60))
        known = self._is_known(conversation, seen)
        with writing() as connection:
            if not known:
                note(connection, conversation, visit, now)
            recorded = record_in(
                connection, conversation, said.author, said.kind, said.body, said.key, now
            )
            if said.picture is not None and not recorded.repeat:
                media.keep(connection, recorded.id, conversation, visit.channel, *said.picture, now)
        if not known:
            self._seen.set(conversation, seen)
        return conversation, recorded

    def surroundings(self, conversation: str, now: float) -> Surroundings:
        """Return what a turn of the conversation needs to know."""
        asked = {"conversation": conversation, "since": now - _TOPIC_SECONDS}
        shown = self._shown.get(conversation)
        with reading() as connection:
            around = connection.execute(_AROUND, asked).one()
            # Another process may have answered since.
            if shown is None or shown.turn is None or shown.turn != around.last_turn:
                bodies = [row.body for row in connection.execute(_SAID, asked)]
                payloads = tuple(_payloads(json.loads(body)) for body in reversed(bodies))
                shown = _Shown(around.last_turn, payloads)
                self._shown.set(conversation, shown)
        return Surroundings(
            around.active_loop,
            frozenset(chain.from_iterable(shown.payloads)),
            around.page,
            around.page_order_no,
            around.state,
            bool(around.waiting),
            around.topic,
            bool(around.called),
            around.terms_told,
        )

    def settle(self, settled: Settled) -> None:
        """Write the end of a turn: its replies, the state of its messages, its figures."""
        states = {**dict.fromkeys(settled.merged, "merged"), settled.turn: settled.state}
        ended = {"new_turn": settled.turn, "new_done_at": settled.now}
        ends = [{"message": id_, "new_state": state, **ended} for id_, state in states.items()]
        with writing() as connection:
            if settled.replies:
                replies = [_reply_row(settled, reply) for reply in settled.replies]
                connection.execute(_REPLY, replies)
            connection.execute(_END, ends)
            if settled.terms is not None:
                told = {"conversation": settled.conversation, "version": settled.terms}
                connection.execute(_TOLD, told)
            insert_or_update(connection, turns, on=("id",), **_turn_row(settled))
        self._add_shown(settled)

    def _is_known(self, conversation: str, now: _Seen) -> bool:
        before = self._seen.get(conversation)
        if before is None or before.minute != now.minute:
            return False
        return before.visit == now.visit or not now.visit.names_page

    def _add_shown(self, settled: Settled) -> None:
        before = self._shown.get(settled.conversation)
        if before is not None and settled.replies:
            added = (*before.payloads, *map(_payloads, settled.replies))
            shown = _Shown(settled.turn, added[-_BUTTONS_OF_LAST:])
            self._shown.set(settled.conversation, shown)


def _payloads(reply: dict[str, Any]) -> tuple[str, ...]:
    return tuple(button["payload"] for button in reply.get("buttons") or [])


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
