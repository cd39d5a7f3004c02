"""Erasing a customer: everything that says who it was and what was said."""

from __future__ import annotations

from sqlalchemy import Column, delete, select, update

from kefu.storage.engine import reading, writing
from kefu.storage.tables import (
    access_log,
    conversations,
    handoff_events,
    handoffs,
    helpdesk_events,
    internal_notes,
    media,
    messages,
    objections,
    ratings,
    reviews,
    send_windows,
    sends,
    tracker_events,
    trackers,
    turns,
)

# What stands in the figures in the place of a conversation that is gone.
ERASED = "erased"

# Conversations come first, as where messages are taken in: otherwise the two could each
# wait for the other.
_OF_CUSTOMER: tuple[Column[str], ...] = (
    conversations.c.id,
    messages.c.conversation,
    media.c.conversation,
    sends.c.conversation,
    send_windows.c.conversation,
    objections.c.conversation,
    handoffs.c.conversation,
    handoff_events.c.conversation,
    ratings.c.conversation,
    internal_notes.c.conversation,
    helpdesk_events.c.conversation,
    tracker_events.c.sender,
    trackers.c.sender,
)


def erase(conversation: str) -> None:
    """Erase a conversation in all tables.

    The figures keep its turns and what reviewers thought of the answers, and the access log
    who looked at it; none of them names anybody.
    """
    with writing() as connection:
        for column in _OF_CUSTOMER:
            connection.execute(delete(column.table).where(column == conversation))
        for kept in (turns, reviews, access_log):
            mine = kept.c.conversation == conversation
            connection.execute(update(kept).where(mine).values(conversation=ERASED))


def erase_remains(conversation: str) -> None:
    """Erase what a turn that was running meanwhile has left of an erased conversation."""
    with reading() as connection:
        query = select(conversations.c.id).where(conversations.c.id == conversation)
        came_back = connection.execute(query).first() is not None
    if not came_back:
        erase(conversation)
