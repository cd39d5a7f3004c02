"""What a customer thinks of the service of a person: asked once, answered with a tap."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import desc, insert, select, update
from sqlalchemy.engine import Connection

from kefu import replies, rings
from kefu.handoff import history
from kefu.handoff.keywords import asks_for_person
from kefu.handoff.records import Handoff
from kefu.normalise import match_key, normalise
from kefu.replies import Reply
from kefu.settings import settings
from kefu.storage.engine import reading, writing
from kefu.storage.tables import conversations, messages, ratings
from kefu.storage.upsert import insert_or_ignore

SATISFIED = "满意"
UNSATISFIED = "不满意"
OTHER = "其他"
_WORDS = {
    **dict.fromkeys(("满意", "很满意", "非常满意"), True),
    **dict.fromkeys(("不满意", "很不满意", "非常不满意"), False),
}
_WRITE_REASON = "请写下原因，我会转告客服团队。"
# Who has not written a reason by then is talking about something else.
_REASON_SECONDS = 600.0
_LONGEST_REASON = 500


def ask(handoff: Handoff, now: float, intro: str = "") -> int | None:
    """Ask the customer for a rating, once a handoff; return the id of the question.

    The caller tells the channels that a message waits.

    Args:
        handoff: The one that has ended.
        now: UTC seconds.
        intro: What stands before the question in the same message.

    Returns:
        None when nobody is asked: it is switched off, or no person took the customer.
    """
    given = settings().rating
    if not given.enabled or handoff.accepted_at is None:
        return None
    reply = {"text": intro + given.question, "buttons": replies.buttons([SATISFIED, UNSATISFIED])}
    key = f"rating:{handoff.id}"
    with writing() as connection:
        if not _open(connection, handoff, now):
            return _question(connection, handoff.conversation, key)
        return _say(connection, handoff.conversation, key, reply, now)


def answer(conversation: str, text: str, now: float) -> Reply | None:
    """Take a message as (part of) the rating that was asked for; None when it is none.

    Only the words of the buttons count, and a reason where one was asked for. Until
    `open_hours` have passed a customer may change their mind.
    """
    with reading() as connection:
        row = _asked(connection, conversation, now)
    if row is None:
        return None
    word = match_key(text)
    if word in _WORDS:
        return _rated(row, _WORDS[word], now)
    if row.satisfied is not False:
        return None
    if row.state == "reason":
        return _with_written_reason(row, text, word, now)
    return _with_picked_reason(row, text.strip(), now)


def is_answer(text: str) -> bool:
    """Tell whether a text could be the press of one of our buttons."""
    own = (SATISFIED, UNSATISFIED, OTHER, *settings().rating.reasons)
    return match_key(text) in _WORDS or text.strip() in own


def _rated(row: Any, satisfied: bool, now: float) -> Reply:
    detail = SATISFIED if satisfied else UNSATISFIED
    _change(row, now, detail, satisfied=satisfied, reason=None, state="rated")
    given = settings().rating
    if satisfied:
        return {"text": given.thanks}
    return {"text": given.ask_reason, "buttons": replies.buttons([*given.reasons, OTHER])}


def _with_picked_reason(row: Any, text: str, now: float) -> Reply | None:
    given = settings().rating
    if row.reason is None and text == OTHER:
        _change(row, now, None, state="reason")
        return {"text": _WRITE_REASON}
    # What was taken already comes again when a crash was in between.
    if text != row.reason and (row.reason is not None or text not in given.reasons):
        return None
    _change(row, now, f"{UNSATISFIED}：{text}", reason=text)
    return {"text": given.thanks}


def _with_written_reason(row: Any, text: str, word: str, now: float) -> Reply | None:
    given = settings().rating
    if text.strip() == OTHER:
        return {"text": _WRITE_REASON}
    about_it = now - (row.rated_at or row.asked_at) <= _REASON_SECONDS
    if not about_it or not word or asks_for_person(normalise(text), settings().handoff.keywords):
        _change(row, now, None, state="rated")
        return None
    reason = text.strip()[:_LONGEST_REASON]
    _change(row, now, f"{UNSATISFIED}：{reason}", reason=reason, state="rated")
    return {"text": given.thanks}


def _change(row: Any, now: float, detail: str | None, **values: Any) -> None:
    """Write what is new, and note it where agents read it."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    with writing() as connection:
        connection.execute(
            update(ratings).where(ratings.c.id == row.id).values(rated_at=now, **values)
        )
        if detail is not None:
            history.note_in(
                connection, row.handoff, row.conversation, "rated", now,
                actor=history.CUSTOMER, detail=detail,
            )  # fmt: skip
    rings.changed(row.conversation)


def _open(connection: Connection, handoff: Handoff, now: float) -> bool:
    """Make the row of a rating; tell whether there was none."""
    channel = select(conversations.c.channel).where(conversations.c.id == handoff.conversation)
    made = insert_or_ignore(
        connection,
        ratings,
        on=("handoff",),
        conversation=handoff.conversation,
        handoff=handoff.id,
        channel=connection.execute(channel).scalar() or "",
        agent=handoff.agent,
        asked_at=now,
        state="asked",
    )
    return made is not None


def _say(connection: Connection, conversation: str, key: str, reply: Reply, now: float) -> int:
    row = {"author": "bot", "kind": "text", "state": "pending", "created_at": now}
    body = json.dumps(reply, ensure_ascii=False)
    said = insert(messages).values(conversation=conversation, key=key, body=body, **row)
    number: int = connection.execute(said).inserted_primary_key[0]
    return number


def _question(connection: Connection, conversation: str, key: str) -> int | None:
    same = (messages.c.conversation == conversation) & (messages.c.key == key)
    number: int | None = connection.execute(select(messages.c.id).where(same)).scalar()
    return number


def _asked(connection: Connection, conversation: str, now: float) -> Any:
    """Return the last rating that was asked for, None when none is open any more."""
    since = now - settings().rating.open_hours * 3600
    query = (
        select(ratings)
        .where(ratings.c.conversation == conversation, ratings.c.asked_at >= since)
        .order_by(desc(ratings.c.id))
        .limit(1)
    )
    return connection.execute(query).first()
