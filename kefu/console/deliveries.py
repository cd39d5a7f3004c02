"""What became of messages: sent, not yet, not at all, and what is to be said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kefu.storage.engine import reading
from kefu.storage.notes import notes_of
from kefu.storage.tables import media, sends

_WITH_FILE = ("image", "voice", "video", "file")
_UNDER_WAY = ("pending", "sending")


@dataclass(frozen=True)
class Delivery:
    """What became of a message.

    Attributes:
        state: sending, sent or failed; empty for what a customer said.
        file_state: pending, stored or failed, of its picture or recording; else empty.
        file_type: Content type of it, where it is stored.
        notes: What agents should know about it (Chinese).
    """

    state: str = ""
    file_state: str = ""
    file_type: str = ""
    notes: tuple[str, ...] = ()


def deliveries(rows: Sequence[Any]) -> dict[int, Delivery]:
    """Return what became of messages (rows of `messages`), by id."""
    if not rows:
        return {}
    notes = notes_of(row.id for row in rows)
    sent = _send_states([row for row in rows if row.author != "customer"])
    files = _file_states([row.id for row in rows if row.kind in _WITH_FILE])
    return {
        row.id: Delivery(
            "" if row.author == "customer" else _state(row.state, sent.get(row.id, ())),
            *files.get(row.id, ("", "")),
            tuple(notes.get(row.id, ())),
        )
        for row in rows
    }


def _state(recorded: str, sends_are: Iterable[str]) -> str:
    """Return the state of an outgoing message from its own and those of its sends."""
    if recorded == "pending":
        return "sending"
    states = set(sends_are)
    if "dead" in states:
        return "failed"
    return "sending" if states.intersection(_UNDER_WAY) else "sent"


def _send_states(rows: Sequence[Any]) -> dict[int, list[str]]:
    states: dict[int, list[str]] = defaultdict(list)
    if not rows:
        return states
    query = select(sends.c.message, sends.c.state).where(
        # The index is on the conversation.
        sends.c.conversation.in_({row.conversation for row in rows}),
        sends.c.message.in_([row.id for row in rows]),
    )
    with reading() as connection:
        for message, state in connection.execute(query):
            states[message].append(state)
    return states


def _file_states(ids: list[int]) -> dict[int, tuple[str, str]]:
    if not ids:
        return {}
    query = select(media.c.message, media.c.state, media.c.content_type)
    with reading() as connection:
        rows = connection.execute(query.where(media.c.message.in_(ids)))
        return {row.message: (row.state, row.content_type or "") for row in rows}
