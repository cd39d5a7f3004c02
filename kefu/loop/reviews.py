"""What reviewers thought of answers: written once for each, taken back while it is fresh."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from kefu.errors import KefuError
from kefu.insight.reviewed import Verdict
from kefu.loop import standing
from kefu.loop.sampling import Answered
from kefu.staff.names import name_of
from kefu.storage.engine import reading, writing
from kefu.storage.erasure import ERASED
from kefu.storage.tables import reviews, turns

VERDICTS: dict[Verdict, str] = {
    "right": "对",
    "wrong": "错",
    "should_be": "应为…",
    "no_answer": "不该回答",
    "unclear": "说不清",
}


class ReviewRefused(KefuError):
    """Raised when a verdict cannot be taken; the text says why."""


@dataclass(frozen=True)
class Review:
    """A verdict; see `tables.reviews`. `at` is in UTC seconds."""

    turn: int
    label: str
    verdict: Verdict
    right_label: str | None
    reviewer: str
    at: float


def judge(
    answer: Answered, verdict: Verdict, right_label: str | None, reviewer: str, now: float
) -> None:
    """Write down what a reviewer thinks of an answer.

    Args:
        answer: What was answered.
        verdict: What they think of it.
        right_label: With `should_be`, the entry that would have been right.
        reviewer: Login.
        now: UTC seconds.

    Raises:
        ReviewRefused: Somebody was faster, or the customer has been erased.
    """
    row = {"turn": answer.turn, "asked": answer.asked, "label": answer.label}
    said = {"verdict": verdict, "right_label": right_label, "reviewer": reviewer, "at": now}
    try:
        with writing() as connection:
            whose = select(turns.c.conversation).where(turns.c.id == answer.turn)
            conversation = connection.execute(whose).scalar()
            if conversation in (None, ERASED):
                raise ReviewRefused("这位顾客的记录已经删除，不用再看这条")
            values = {"conversation": conversation, **row, **said}
            connection.execute(insert(reviews).values(**values))
    except IntegrityError:
        raise ReviewRefused(_taken(answer.turn)) from None
    if verdict != "right":
        standing.expire()


def take_back(turn: int, reviewer: str) -> None:
    """Remove a verdict of the same reviewer's; one that is not there stays so."""
    mine = (reviews.c.turn == turn) & (reviews.c.reviewer == reviewer)
    with writing() as connection:
        connection.execute(delete(reviews).where(mine))
    standing.expire()


def reviews_between(since: float, until: float) -> list[Review]:
    """Return the verdicts on the answers of a time (UTC seconds), the last one last."""
    query = (
        select(
            reviews.c.turn, reviews.c.label, reviews.c.verdict, reviews.c.right_label,
            reviews.c.reviewer, reviews.c.at,
        )
        .select_from(reviews.join(turns, turns.c.id == reviews.c.turn))
        .where(turns.c.started_at >= since, turns.c.started_at < until)
        .order_by(reviews.c.at, reviews.c.turn)
    )  # fmt: skip
    with reading() as connection:
        return [Review(*row) for row in connection.execute(query)]


def _taken(turn: int) -> str:
    query = select(reviews.c.verdict, reviews.c.reviewer).where(reviews.c.turn == turn)
    with reading() as connection:
        found = connection.execute(query).first()
    if found is None:
        return "这条刚刚有变动，请再试一次"
    return f"{name_of(found.reviewer)} 刚刚看过这条，判为「{VERDICTS[found.verdict].rstrip('…')}」"
