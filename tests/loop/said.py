"""Conversations as the database keeps them, written the way reception writes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from kefu.storage import messages
from kefu.storage.engine import writing
from kefu.storage.intake import Intake, Settled
from kefu.storage.tables import handoffs, ratings

# A Monday morning, UTC.
NOW = 1_794_000_000.0
WEEK = (NOW - 86_400.0, NOW + 6 * 86_400.0)


def ask(
    text: str, outcome: str = "not_recognised", at: float = 0.0, who: str = "c1",
    label: str | None = None, kind: str = "text", before: tuple[str, ...] = (), test: bool = False,
) -> int:  # fmt: skip
    """Let a customer say something and its turn end; return the turn.

    `at` counts seconds from NOW; `before` are the other messages of a burst.
    """
    merged = [messages.record(who, "customer", "text", t, None, NOW + at).id for t in before]
    turn = messages.record(who, "customer", kind, text, None, NOW + at).id
    settled: dict[str, Any] = {"reply_state": "delivered", "score": None, "test": test}
    Intake().settle(
        Settled(
            conversation=who,
            channel="rest",
            turn=turn,
            merged=merged,
            state="held" if outcome == "held" else "answered",
            replies=[],
            outcome=outcome,
            label=label,
            started_at=NOW + at,
            now=NOW + at + 1,
            **settled,
        )
    )
    return turn


def call_person(
    at: float, who: str = "c1", until: float | None = None, satisfied: bool | None = None
) -> int:
    """Let a customer ask for a person, be served until then, and rate it."""
    row = {
        "conversation": who,
        "state": "agent" if until is None else "closed",
        "reason": "keyword",
        "requested_at": NOW + at,
        "accepted_at": NOW + at + 5,
        "active_at": NOW + at,
        "closed_at": None if until is None else NOW + until,
    }
    with writing() as connection:
        number: int = connection.execute(insert(handoffs).values(**row)).inserted_primary_key[0]
        if satisfied is not None:
            rating = {"conversation": who, "handoff": number, "channel": "rest", "state": "rated"}
            times = {"asked_at": NOW + at, "rated_at": NOW + at}
            connection.execute(insert(ratings).values(satisfied=satisfied, **rating, **times))
    return number


def answer(text: str, at: float, who: str = "c1") -> None:
    """Let an agent say something."""
    messages.add_reply(who, "agent", text, None, NOW + at)
