"""What a database of yesterday must not do today: send, answer and let in once more."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from kefu.storage.tables import (
    conversations,
    helpdesk_events,
    messages,
    sends,
    staff_sessions,
)

RESTORED = "从备份恢复：备份时还没有发完，可能已经送到，为避免重复没有再发"
_POLLED = "rest"


def settle(connection: Connection, now: float) -> None:
    """End what was under way when a backup was made, in a database just restored from it.

    What went to WeChat or to a helpdesk has most likely arrived since: it becomes a dead
    letter, which people can send again. Customers' messages were answered, so no turn is
    due. Customers of REST fetch what waits for them; that stays. People sign in again, for
    a session that was ended since must not come back.
    """
    dead = {"state": "dead", "error": RESTORED, "done_at": now}
    under_way = sends.c.state.in_(("pending", "sending"))
    connection.execute(update(sends).where(under_way).values(**dead))
    untold = helpdesk_events.c.state == "pending"
    connection.execute(update(helpdesk_events).where(untold).values(**dead))
    received = messages.c.state == "received"
    connection.execute(update(messages).where(received).values(state="failed", done_at=now))
    pushed = select(conversations.c.id).where(conversations.c.channel != _POLLED)
    waiting = (messages.c.state == "pending") & messages.c.conversation.in_(pushed)
    connection.execute(update(messages).where(waiting).values(state="delivered", done_at=now))
    connection.execute(delete(staff_sessions))
