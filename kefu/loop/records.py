"""What the weekly loop reads from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Connection

from kefu.loop.reasons import AskedTurn, Called
from kefu.storage.engine import reading
from kefu.storage.erasure import ERASED
from kefu.storage.tables import handoffs, messages, ratings, reviews, turns

# Databases take a limited number of values in one statement.
_AT_A_TIME = 400

_T = TypeVar("_T")


@dataclass(frozen=True)
class Said:
    """An agent's text, and the customer's message right before it, where there is one."""

    message: int
    conversation: str
    at: float
    text: str
    after: int | None


def turns_between(since: float, until: float) -> list[AskedTurn]:
    """Return the turns of customers in the order of time; test traffic is left out."""
    query = (
        select(
            turns.c.id, turns.c.conversation, turns.c.started_at, turns.c.outcome, turns.c.label,
            turns.c.messages,
        )
        .where(turns.c.started_at >= since, turns.c.started_at < until)
        .where(turns.c.test.is_(False), turns.c.conversation != ERASED)
        .order_by(turns.c.started_at, turns.c.id)
    )  # fmt: skip
    with reading() as connection:
        return [AskedTurn(*row) for row in connection.execute(query)]


def handoffs_open_between(since: float, until: float) -> list[Called]:
    """Return the requests for a person that were open in a time, in the order of theirs."""
    query = (
        select(
            handoffs.c.id, handoffs.c.conversation, handoffs.c.requested_at, handoffs.c.closed_at,
            ratings.c.satisfied,
        )
        .outerjoin(ratings, ratings.c.handoff == handoffs.c.id)
        .where(handoffs.c.requested_at < until)
        .where(or_(handoffs.c.closed_at.is_(None), handoffs.c.closed_at >= since))
        .order_by(handoffs.c.requested_at)
    )  # fmt: skip
    with reading() as connection:
        return [
            Called(r.id, r.conversation, r.requested_at, r.closed_at, r.satisfied is False)
            for r in connection.execute(query)
        ]


def wrong_answers_between(since: float, until: float) -> dict[int, str | None]:
    """Return the questions that a reviewer found wrongly answered, with what was right.

    The keys are turns; the values are labels, None where nothing was said to be right.
    """
    query = (
        select(reviews.c.asked, reviews.c.right_label)
        .select_from(reviews.join(turns, turns.c.id == reviews.c.asked))
        .where(turns.c.started_at >= since, turns.c.started_at < until)
        .where(reviews.c.verdict.in_(("wrong", "should_be", "no_answer")))
    )
    with reading() as connection:
        return {row.asked: row.right_label for row in connection.execute(query)}


def texts_of(wanted: Iterable[AskedTurn]) -> dict[int, list[str]]:
    """Return what was typed in each turn, in its order; pictures and the like are left out."""
    found: dict[int, list[str]] = defaultdict(list)
    with reading() as connection:
        for part in _parts(wanted):
            for turn, text in _texts(connection, part):
                found[turn].append(text)
    return found


def _texts(connection: Connection, part: Sequence[AskedTurn]) -> Iterator[tuple[int, str]]:
    merged = [turn for turn in part if turn.messages > 1]
    itself = messages.c.id.in_([turn.id for turn in part])
    others = and_(
        messages.c.conversation.in_({turn.conversation for turn in merged}),
        messages.c.turn.in_([turn.id for turn in merged]),
    )
    query = (
        select(messages.c.id, messages.c.turn, messages.c.state, messages.c.body)
        .where(messages.c.author == "customer", messages.c.kind == "text")
        .where(or_(itself, others) if merged else itself)
        .order_by(messages.c.id)
    )
    for row in connection.execute(query):
        yield (row.turn if row.state == "merged" else row.id), row.body


def said_by_people(conversations: Iterable[str], since: float) -> dict[str, list[Said]]:
    """Return what agents wrote to these customers, oldest first."""
    found: dict[str, list[Said]] = defaultdict(list)
    with reading() as connection:
        for part in _parts(conversations):
            for said in _said(connection, part, since):
                found[said.conversation].append(said)
    return found


def _said(connection: Connection, part: Sequence[str], since: float) -> Iterator[Said]:
    query = (
        select(messages.c.id, messages.c.conversation, messages.c.author)
        .where(messages.c.conversation.in_(part), messages.c.created_at >= since)
        .where(messages.c.author.in_(("customer", "agent")), messages.c.kind == "text")
        .order_by(messages.c.id)
    )
    last: dict[str, int | None] = {}
    follows: dict[int, int | None] = {}
    for row in connection.execute(query):
        if row.author == "agent":
            follows[row.id] = last.get(row.conversation)
        last[row.conversation] = row.id if row.author == "customer" else None
    # Only people's words are read: each row costs the time of decrypting it.
    for ids in _parts(follows):
        wanted = select(messages).where(messages.c.id.in_(ids)).order_by(messages.c.id)
        for row in connection.execute(wanted):
            yield Said(row.id, row.conversation, row.created_at, row.body, follows[row.id])


def _parts(values: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(values)
    while part := list(islice(remaining, _AT_A_TIME)):
        yield part
