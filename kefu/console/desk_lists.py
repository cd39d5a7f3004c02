"""What stands in the desk's lists: who waits, whom one has, tickets, what is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select, true

from kefu.console.desk_words import category_title, channel_name, customer_name, person_name
from kefu.handoff.other_desks import channels_of_other_desks
from kefu.handoff.views import CLOSINGS, REASONS
from kefu.storage.engine import reading
from kefu.storage.reply_text import readable
from kefu.storage.tables import conversations, handoffs, messages, ratings

# More rows than that are counted, not shown.
MOST = 60
MOST_HELD = 500
_OVER = 30
_QUESTION = 60
_SPOKEN = messages.c.kind.not_in(("event", "enter"))
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
    """Return the tickets that nobody has answered, oldest first."""
    return _by_state("left", MOST)


def held() -> Rows:
    """Return all customers that somebody has, by when they asked."""
    return _by_state("agent", MOST_HELD)


def mine(logins: Iterable[str]) -> dict[str, Rows]:
    """Return the customers that people have, by login; who waits longest for a word is first."""
    wanted = set(logins)
    found: dict[str, list[Row]] = {login: [] for login in wanted}
    with reading() as connection:
        rows = connection.execute(_held_by(wanted)).all()
        texts = _texts(connection, [row.last for row in rows if row.last])
    for row in rows:
        found[row.agent].append(_held_row(row, texts.get(row.last, "")))
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
        rows = [_over_row(row) for row in connection.execute(query)]
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
        _SPOKEN,
        # Notices of ours tell an agent nothing.
        messages.c.author != "system",
    )
    unread = and_(_BY_CUSTOMER, messages.c.id > handoffs.c.seen_message)
    counted = (
        select(
            handoffs.c.id,
            func.coalesce(func.max(messages.c.id), 0).label("last"),
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
    return (
        select(handoffs, _CHANNEL, counted.c.last, counted.c.unread, counted.c.answered,
               unanswered.label("unanswered_since"))
        .select_from(handoffs.join(counted, counted.c.id == handoffs.c.id))
        .outerjoin(conversations, conversations.c.id == handoffs.c.conversation)
    )  # fmt: skip


def _texts(connection: Any, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    query = select(messages.c.id, messages.c.author, messages.c.kind, messages.c.body)
    rows = connection.execute(query.where(messages.c.id.in_(ids)))
    return {row.id: _short(readable(row.author, row.kind, row.body)) for row in rows}


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
    return _row(
        row,
        text=text or _short(row.question or ""),
        unread=int(row.unread),
        unanswered_since=row.unanswered_since if row.answered else row.requested_at,
        last=int(row.last),
    )


def _over_row(row: Any) -> Row:
    ended = CLOSINGS.get(row.close_reason or "", row.close_reason or "")
    return _row(row, since=row.closed_at, ended=ended, rating=_rating(row))


def _rating(row: Any) -> str:
    if row.satisfied is None:
        return ""
    return "满意" if row.satisfied else "不满意"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUESTION else line[: _QUESTION - 1] + "…"
