"""Files of customers that the helpdesk may fetch."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from kefu.helpdesk.events import REQUESTED
from kefu.storage.engine import reading
from kefu.storage.media import StoredFile, stored
from kefu.storage.tables import helpdesk_events, media

Missing = Literal["not_ready", "missing"]


def fetch(message: int) -> StoredFile | Missing:
    """Return the file of a message in a conversation that the helpdesk was told of.

    It is `not_ready` while we ourselves are still fetching it from the channel.
    """
    query = (
        select(media.c.state)
        .join(helpdesk_events, helpdesk_events.c.conversation == media.c.conversation)
        .where(media.c.message == message, helpdesk_events.c.kind == REQUESTED)
        .limit(1)
    )
    with reading() as connection:
        state = connection.execute(query).scalar()
    if state == "pending":
        return "not_ready"
    return (stored(message) if state == "stored" else None) or "missing"
