"""Files that belong to messages: pictures and recordings, kept encrypted."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading
from kefu.storage.tables import media


@dataclass(frozen=True)
class StoredFile:
    """The file of a message, and what it is by its first bytes."""

    content: bytes
    content_type: str


def stored(message: int) -> StoredFile | None:
    """Return the file of a message, None while there is none."""
    query = select(media.c.content, media.c.content_type).where(media.c.message == message)
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or not row.content:
        return None
    return StoredFile(row.content, row.content_type or "application/octet-stream")


def stored_for(conversation: str, message: int) -> StoredFile | None:
    """Return the file of a message of this conversation, None where there is none."""
    query = select(media.c.id).where(
        media.c.message == message, media.c.conversation == conversation
    )
    with reading() as connection:
        theirs = connection.execute(query).first() is not None
    return stored(message) if theirs else None


def keep(
    connection: Connection,
    message: int,
    conversation: str,
    channel: str,
    content: bytes,
    content_type: str,
    now: float,
) -> None:
    """Keep a file that came with a message, in the transaction that records the message.

    Args:
        connection: Of that transaction.
        message: Id of the message.
        conversation, channel: Whose it is.
        content: The whole file.
        content_type: What was found out about it, not what its sender claims.
        now: UTC seconds.
    """
    values = {
        "message": message,
        "conversation": conversation,
        "channel": channel,
        "source": "{}",
        "state": "stored",
        "content": content,
        "content_type": content_type,
        "size": len(content),
        "attempts": 0,
        "next_at": now,
        "created_at": now,
        "done_at": now,
    }
    connection.execute(insert(media).values(values))
