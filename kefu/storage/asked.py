"""What a customer has written last."""

from __future__ import annotations

from sqlalchemy import select

from kefu.storage.engine import reading
from kefu.storage.tables import messages


def last_texts(conversation: str, limit: int, until: float | None = None) -> list[str]:
    """Return the customer's last texts, the newest first.

    Args:
        conversation: Conversation id.
        limit: How many at most.
        until: Only what was written up to then, UTC seconds.
    """
    theirs = (messages.c.conversation == conversation) & (messages.c.author == "customer")
    query = (
        select(messages.c.body)
        .where(theirs, messages.c.kind == "text")
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    if until is not None:
        query = query.where(messages.c.created_at <= until)
    with reading() as connection:
        return [text for text in connection.execute(query).scalars() if text.strip()]
