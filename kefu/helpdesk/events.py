"""What the outside helpdesk is told, as JSON; docs/helpdesk.md is the table."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kefu.handoff.views import REASONS
from kefu.storage.reply_text import readable

REQUESTED = "handoff.requested"
CHANGED = "handoff.changed"
CANCELLED = "handoff.cancelled"
CLOSED = "handoff.closed"
MESSAGE = "message.created"
PING = "ping"

TRANSCRIPT_LINES = 50
_LONGEST_TEXT = 2000
_WITH_FILE = frozenset({"image", "voice", "video", "file"})
_NAMES = uuid.UUID("5a9c5f0e-7f0f-4a0e-9d8e-2b5d0a6c1e77")


@dataclass(frozen=True)
class Event:
    """One thing that the helpdesk is to be told.

    Attributes:
        id: The same for the same thing, however often it is made.
        conversation, handoff: What it belongs to.
        kind: One of the names above.
        body: JSON.
        about: The message of `message.created`, the handoff's event of `handoff.changed`;
            of `handoff.requested` the last of the handoff's events that it includes.
        told: Messages that the event itself tells, by id with the id of their own event.
    """

    id: str
    conversation: str
    handoff: int
    kind: str
    body: str
    about: int | None = None
    told: dict[int, str] = field(default_factory=dict)


def event_id(conversation: str, handoff: int, kind: str, about: int | None = None) -> str:
    """Return the id of an event, which names nobody: the conversation is a pseudonym."""
    return str(uuid.uuid5(_NAMES, f"{conversation}\x1f{handoff}\x1f{kind}\x1f{about or ''}"))


def inbound_id(given: str) -> str:
    """Return the id under which an event of the helpdesk's is remembered."""
    return str(uuid.uuid5(_NAMES, f"in\x1f{given}"))


def requested(
    handoff: Any, channel: str, lines: Iterable[Any], files: dict[int, str | None], last_event: int
) -> Event:
    """Return the event that brings the helpdesk in, with what was said before.

    Args:
        handoff: Row of `handoffs`.
        channel: Name of the channel.
        lines: Rows of `messages`, oldest first.
        files: Content type by message, None while it is unknown.
        last_event: The last of the handoff's events that the row reflects.
    """
    kept = list(lines)
    more = {"transcript": [_line(row, files) for row in kept]}
    told = {row.id: event_id(handoff.conversation, handoff.id, MESSAGE, row.id) for row in kept}
    return _event(REQUESTED, handoff, channel, handoff.requested_at, None, more, last_event, told)


def message(handoff: Any, channel: str, row: Any, files: dict[int, str | None]) -> Event:
    """Return the event of one message that was said after the request."""
    more = {"message": _line(row, files)}
    return _event(MESSAGE, handoff, channel, row.created_at, row.id, more, row.id)


def changed(handoff: Any, channel: str, row: Any, agent: str | None) -> Event:
    """Return the event of what happened to a handoff on our side."""
    more = {"change": {"what": row.kind, "agent": agent}}
    return _event(CHANGED, handoff, channel, row.at, row.id, more, row.id)


def ended(handoff: Any, channel: str) -> Event:
    """Return the event of a handoff that is over."""
    kind = CANCELLED if handoff.close_reason == "cancelled" else CLOSED
    return _event(kind, handoff, channel, handoff.closed_at, None, {}, None)


def ping(now: float) -> tuple[str, str]:
    """Return id and body of an event that only asks for an answer."""
    new = str(uuid.uuid4())
    return new, json.dumps({"id": new, "type": PING, "at": now})


def _event(
    kind: str,
    handoff: Any,
    channel: str,
    at: float,
    number: int | None,
    more: dict[str, Any],
    about: int | None,
    told: dict[int, str] | None = None,
) -> Event:
    id_ = event_id(handoff.conversation, handoff.id, kind, number)
    body = {
        "id": id_,
        "type": kind,
        "at": at,
        "conversation": handoff.conversation,
        "channel": channel.partition(":")[0],
        "handoff": _handoff(handoff),
        **more,
    }
    text = json.dumps(body, ensure_ascii=False)
    return Event(id_, handoff.conversation, handoff.id, kind, text, about, told or {})


def _handoff(row: Any) -> dict[str, Any]:
    return {
        "number": row.id,
        "state": row.state,
        "reason": row.reason,
        "reason_text": REASONS.get(row.reason, row.reason),
        "category": row.category,
        "question": row.question,
        "requested_at": row.requested_at,
        "close_reason": row.close_reason,
    }


def _line(row: Any, files: dict[int, str | None]) -> dict[str, Any]:
    line = {
        "message": row.id,
        "at": row.created_at,
        "author": row.author,
        "kind": row.kind,
        "text": readable(row.author, row.kind, row.body)[:_LONGEST_TEXT],
    }
    if row.kind in _WITH_FILE and row.id in files:
        line["media"] = {"message": row.id, "type": files[row.id]}
    return line
