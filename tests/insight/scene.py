"""A small shop: what customers said when, through the same doors as in earnest."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from kefu.handoff import desk, holder, rating
from kefu.handoff.records import Handoff
from kefu.insight.period import Period
from kefu.storage.conversations import Visit
from kefu.storage.encryption import pseudonym
from kefu.storage.intake import Intake, Said, Settled

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
# A Monday, at noon: people are there from 9 to 18.
MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI).timestamp()
NIGHT = NOON + 10 * HOUR
WEEK = Period(MONDAY, date(2026, 11, 29), SHANGHAI)
_keys = count(1)


def say(
    customer: str,
    at: float,
    outcome: str,
    label: str | None = None,
    *,
    channel: str = "rest",
    seconds: float = 0.5,
    merged: int = 0,
    test: bool = False,
) -> str:
    """Let a customer's turn take place; return the conversation.

    Args:
        customer: Who.
        at: When, UTC seconds.
        outcome, label: As in `tables.turns`.
        channel: Where.
        seconds: How long the reply takes.
        merged: How many more messages the turn answers.
        test: Whether it is a test of the merchant's.
    """
    intake = Intake()
    taken = [
        intake.take_in(Visit(channel, customer), Said("customer", "text", "话", _key()), at)
        for _ in range(merged + 1)
    ]
    conversation, last = taken[-1]
    others = [recorded.id for _, recorded in taken[:-1]]
    held = outcome == "held"
    intake.settle(
        Settled(
            conversation=conversation,
            channel=channel,
            turn=last.id,
            merged=others,
            state="held" if held else "answered",
            replies=[] if held else [{"text": "答"}],
            reply_state="delivered",
            outcome=outcome,
            label=label,
            score=0.9,
            started_at=at,
            now=at + seconds,
            test=test,
        )
    )
    return conversation


def ask(
    customer: str,
    at: float,
    reason: str = "keyword",
    category: str | None = "logistics",
    channel: str = "rest",
    test: bool = False,
) -> Handoff:
    """Let a customer ask for a person, as the dialogue does it in the turn."""
    conversation = say(customer, at, "human", "request_human", channel=channel, test=test)
    return holder.request(conversation, reason, "到哪了", category, at + 0.2)


def answer(handoff: Handoff, at: float, agent: str = "wang") -> None:
    """Let a person take the customer and say something."""
    desk.say(handoff.id, agent, "你好，我看一下。", at)


def rated(handoff: Handoff, at: float, word: str | None) -> None:
    """End a handoff; the customer answers the question for a rating with a word, or not."""
    holder.close(handoff.id, "done", at)
    rating.ask(holder.get(handoff.id), at)
    if word is not None:
        rating.answer(handoff.conversation, word, at + 10)


def conversation_of(customer: str, channel: str = "rest") -> str:
    """Return the conversation of a customer."""
    return pseudonym(channel, customer)


def _key() -> str:
    return f"k{next(_keys)}"
