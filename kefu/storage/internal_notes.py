"""What agents write for one another; no customer ever gets it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from kefu.storage.engine import reading, writing
from kefu.storage.tables import internal_notes


@dataclass(frozen=True)
class InternalNote:
    """One note: its number, handoff, the author's login, the text, and UTC seconds."""

    id: int
    handoff: int
    author: str
    body: str
    created_at: float


def add(conversation: str, handoff: int, author: str, body: str, now: float) -> int:
    """Keep a note and return its number."""
    row = {"handoff": handoff, "author": author, "body": body, "created_at": now}
    made = insert(internal_notes).values(conversation=conversation, **row)
    with writing() as connection:
        number: int = connection.execute(made).inserted_primary_key[0]
    return number


def of(conversation: str) -> list[InternalNote]:
    """Return the notes on a conversation, oldest first."""
    query = (
        select(internal_notes)
        .where(internal_notes.c.conversation == conversation)
        .order_by(internal_notes.c.id)
    )
    with reading() as connection:
        return [
            InternalNote(r.id, r.handoff, r.author, r.body, r.created_at)
            for r in connection.execute(query)
        ]
