"""What stands in the desk's lists: who waits, whom one has, tickets, what is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true

from kefu.console import desk_last_words as last_words
from kefu.console.desk_words import category_title, channel_name, customer_name, person_name
from kefu.handoff.other_desks import channels_of_other_desks
from kefu.handoff.views import CLOSINGS, REASONS
from kefu.storage.engine import reading
from kefu.storage.tables import conversations, handoffs, messages, ratings

# More rows than that are counted, not shown.
MOST = 60
MOST_HELD = 500
_OVER = 30
_QUESTION = 60
_BY_CUSTOMER = messages.c.author == "customer"
_CHANNEL = conversations.c.channel


@dataclass(frozen=True)
class Row:
    """One handoff in a list. Times are UTC seconds.

    Attributes:
        number: Number of the handoff.
        customer: What the customer is called.
        channel: Where they write.
        reason, category: Why a person is wanted, and for what (Chinese).
        text: The question, or what was said last.
        since: When the request was made, or the handoff ended.
        holder: Who has them.
        unread: How many of the customer's messages nobody has seen.
        unanswered_since: Since when the customer waits for a word.
        ended: How it ended.
        rating: What the customer thought of it.
        undelivered: Whether some word of ours never reached the customer.
        last: Id of the last message.
    """

    number: int
    customer: str
    channel: str
    reason: str
    category: str
    text: str
    since: float
    holder: str = ""
    unread: int = 0
    unanswered_since: float | None = None
    ended: str = ""
    rating: str = ""
    undelivered: bool = False
    last: int = 0


@dataclass(frozen=True)
class Rows:
    """The rows that are shown of a list, and how many there are."""

    shown: list[Row]
    total: int

    @property
    def unread(self) -> int:
        """Return how many messages nobody has seen."""
        return sum(row.unread for row in self.shown)

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.total - len(self.shown)


def waiting() -> Rows:
    """Return the customers who wait, those who wait longest first."""
    return _by_state("waiting", MOST)


def tickets() -> Rows:
    """Return the tickets that nobody has answered, oldest first, with what was left in each."""
    found = _by_state("left", MOST)
    with reading() as connection:
        said = last_words.customers_last_words(connection, [row.number for row in found.shown])
    shown = [replace(row, text=_short(said.get(row.number) or row.text)) for row in found.shown]
    return Rows(shown, found.total)


def held() -> Rows:
    """Return all customers that somebody has, by when they asked."""
    return _by_state("agent", MOST_HELD)


def mine(logins: Iterable[str]) -> dict[str, Rows]:
    """Return the customers that people have, by login; who waits longest for a word is first."""
    wanted = set(logins)
    found: dict[str, list[Row]] = {login: [] for login in wanted}
    with reading() as connection:
        rows = connection.execute(_held_by(wanted)).all()
        said = last_words.texts(connection, [row.said for row in rows if row.said])
    for row in rows:
        found[row.agent].append(_held_row(row, _short(said.get(row.said, ""))))
    for held_rows in found.values():
        held_rows.sort(key=lambda row: (row.unanswered_since or float("inf"), -row.last))
    return {login: Rows(held_rows, len(held_rows)) for login, held_rows in found.items()}


def over(login: str) -> Rows:
    """Return the last handoffs that a person had and that are over, newest first."""
    closed = and_(handoffs.c.agent == login, handoffs.c.state == "closed")
    query = (
        _with_channel(ratings.c.satisfied, ratings.c.reason.label("rating_reason"))
        .outerjoin(ratings, ratings.c.handoff == handoffs.c.id)
        .where(closed)
        .order_by(handoffs.c.closed_at.desc())
        .limit(_OVER)
    )
    with reading() as connection:
        found = connection.execute(query).all()
        lost = last_words.undelivered(connection, [row.id for row in found])
    rows = [_over_row(row, row.id in lost) for row in found]
    return Rows(rows, len(rows))


def _by_state(state: str, most: int) -> Rows:
    ours = and_(handoffs.c.state == state, _is_ours())
    query = _with_channel().where(ours).order_by(handoffs.c.requested_at, handoffs.c.id).limit(most)
    count = _with_channel().where(ours).with_only_columns(func.count(), maintain_column_froms=True)
    with reading() as connection:
        rows = [_row(row) for row in connection.execute(query)]
        total = connection.execute(count).scalar_one() if len(rows) == most else len(rows)
    return Rows(rows, total)


def _is_ours() -> Any:
    """Return the condition that leaves out whom WeChat's own desk serves."""
    channels = channels_of_other_desks()
    return or_(_CHANNEL.is_(None), _CHANNEL.not_in(channels)) if channels else true()


def _with_channel(*more: Any) -> Any:
    return (
        select(handoffs, _CHANNEL, *more)
        .select_from(handoffs)
        .outerjoin(conversations, conversations.c.id == handoffs.c.conversation)
    )


def _held_by(logins: set[str]) -> Any:
    """Return the query of what people have, with what was said in it counted."""
    said = and_(
        messages.c.conversation == handoffs.c.conversation,
        messages.c.created_at >= handoffs.c.requested_at,
        last_words.SPOKEN,
        # Notices of ours tell an agent nothing.
        messages.c.author != "system",
    )
    by_people = case((messages.c.author.in_(("customer", "agent")), messages.c.id))
    unread = and_(_BY_CUSTOMER, messages.c.id > handoffs.c.seen_message)
    counted = (
        select(
            handoffs.c.id,
            func.coalesce(func.max(messages.c.id), 0).label("last"),
            func.max(by_people).label("said"),
            func.coalesce(func.sum(case((unread, 1), else_=0)), 0).label("unread"),
            func.coalesce(func.max(case((messages.c.author == "agent", messages.c.id))), 0).label(
                "answered"
            ),
        )
        .select_from(handoffs.outerjoin(messages, said))
        .where(handoffs.c.state == "agent", handoffs.c.agent.in_(logins))
        .group_by(handoffs.c.id)
        .subquery()
    )
    unanswered = (
        select(func.min(messages.c.created_at))
        .where(said, _BY_CUSTOMER, messages.c.id > counted.c.answered)
        .correlate(handoffs, counted)
        .scalar_subquery()
    )
    asked = (
        select(func.max(messages.c.id))
        .where(messages.c.conversation == handoffs.c.conversation, _BY_CUSTOMER, last_words.SPOKEN)
        .correlate(handoffs)
        .scalar_subquery()
    )
    return (
        select(handoffs, _CHANNEL, counted.c.last, counted.c.said, counted.c.unread,
               counted.c.answered, unanswered.label("unanswered_since"), asked.label("asked"))
        .select_from(handoffs.join(counted, counted.c.id == handoffs.c.id))
        .outerjoin(conversations, conversations.c.id == handoffs.c.conversation)
    )  # fmt: skip


def _row(row: Any, **more: Any) -> Row:
    values: dict[str, Any] = {
        "number": row.id,
        "customer": customer_name(row.conversation),
        "channel": channel_name(row.channel),
        "reason": REASONS.get(row.reason, row.reason),
        "category": category_title(row.category),
        "text": _short(row.question or ""),
        "since": row.requested_at,
        "holder": person_name(row.agent) if row.agent else "",
    }
    return Row(**{**values, **more})


def _held_row(row: Any, text: str) -> Row:
    # Whoever gets a customer has not seen the question, though it was asked before.
    is_new = (row.asked or 0) > row.seen_message
    return _row(
        row,
        text=text or _short(row.question or ""),
        unread=max(int(row.unread), int(is_new)),
        unanswered_since=row.unanswered_since if row.answered else row.requested_at,
        last=int(row.last),
    )


def _over_row(row: Any, undelivered: bool) -> Row:
    ended = CLOSINGS.get(row.close_reason or "", row.close_reason or "")
    about = {"ended": ended, "rating": _rating(row), "undelivered": undelivered}
    return _row(row, since=row.closed_at, **about)


def _rating(row: Any) -> str:
    if row.satisfied is None:
        return ""
    return "满意" if row.satisfied else "不满意"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUESTION else line[: _QUESTION - 1] + "…"
