"""Which answers a reviewer is shown: a fair sample of those of a week."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select

from kefu.insight.questions import PICK_SECONDS
from kefu.labels import REQUEST_HUMAN
from kefu.loop.reasons import AskedTurn
from kefu.storage.engine import reading
from kefu.storage.erasure import ERASED
from kefu.storage.tables import turns

# Of so many answers the accuracy is known to within about eleven points.
SAMPLE = 50


@dataclass(frozen=True)
class Answered:
    """An answer of the assistant.

    Attributes:
        turn: The turn in which it was given.
        asked: The turn with the question; an earlier one where the customer picked an option.
        conversation: Pseudonym of who asked.
        label: What was answered: `category/entry`, or a task.
        at: UTC seconds.
        offered: What the options were headed by, where one was picked.
    """

    turn: int
    asked: int
    conversation: str
    label: str
    at: float
    offered: str | None = None


def answers_between(since: float, until: float) -> list[Answered]:
    """Return the answers to customers' questions of a time, direct ones and picked ones.

    Those of erased customers are left out, as nobody can tell any more what was asked.
    """
    before = {"partition_by": turns.c.conversation, "order_by": (turns.c.started_at, turns.c.id)}
    said = (
        select(
            turns.c.id, turns.c.conversation, turns.c.label, turns.c.started_at, turns.c.outcome,
            func.lag(turns.c.id).over(**before).label("before"),
            func.lag(turns.c.outcome).over(**before).label("outcome_before"),
            func.lag(turns.c.label).over(**before).label("label_before"),
            func.lag(turns.c.started_at).over(**before).label("before_at"),
        )
        .where(turns.c.started_at >= since - PICK_SECONDS, turns.c.started_at < until)
        .where(turns.c.test.is_(False), turns.c.conversation != ERASED)
        .where(turns.c.outcome != "welcome")
        .subquery("said")
    )  # fmt: skip
    picked = and_(
        said.c.outcome == "picked",
        said.c.outcome_before == "options",
        said.c.started_at - said.c.before_at <= PICK_SECONDS,
    )
    query = (
        select(said)
        .where(said.c.started_at >= since, said.c.label.is_not(None))
        .where(said.c.label != REQUEST_HUMAN)
        .where(or_(said.c.outcome.in_(("answered", "task")), picked))
    )
    with reading() as connection:
        return [_answered(row) for row in connection.execute(query)]


def in_random_order(answers: Iterable[Answered]) -> list[Answered]:
    """Return the answers in an order that is random and the same every time.

    A plain random sample, each answer as likely as any other: the share that is right in it
    then estimates the share of all answers, which a sample that prefers rare categories
    would not, and nobody can choose what is looked at.
    """
    return sorted(answers, key=lambda answer: _drawn(answer.turn))


def turn_of(answer: Answered) -> AskedTurn:
    """Return the turn of the question, for reading what was asked."""
    # Whether it was said in several messages is not known here: they are looked for.
    return AskedTurn(answer.asked, answer.conversation, answer.at, "answered", None, 2)


def _drawn(turn: int) -> bytes:
    return hashlib.sha256(f"sample {turn}".encode()).digest()


def _answered(row: Any) -> Answered:
    if row.outcome == "picked":
        offered = row.label_before
        return Answered(row.id, row.before, row.conversation, row.label, row.started_at, offered)
    return Answered(row.id, row.id, row.conversation, row.label, row.started_at)
