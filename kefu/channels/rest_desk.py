"""What a backend may ask about the people of the desk."""

from __future__ import annotations

from typing import Any

from kefu.handoff import holder, queue
from kefu.staff.names import name_of
from kefu.storage.encryption import pseudonym

_CHANNEL = "rest"


def conversation_of(customer: str) -> str:
    """Return the conversation of a customer of the REST channel."""
    return pseudonym(_CHANNEL, customer)


def status_of(conversation: str, now: float) -> dict[str, Any]:
    """Return who speaks with the customer; while nobody does yet, the place in the queue.

    `holder` is bot, waiting or agent; `agent` has the nickname; `ahead` counts customers
    and `minutes` is the estimate. What does not apply is None.
    """
    known = {"holder": holder.who_holds(conversation, now), "agent": None}
    place = {"ahead": None, "minutes": None}
    handoff = holder.open_of(conversation)
    if handoff is None or handoff.state not in ("waiting", "agent"):
        return {**known, "holder": "bot", **place}
    if handoff.state == "agent":
        nickname = name_of(handoff.agent or "")
        return {**known, "holder": "agent", "agent": {"nickname": nickname}, **place}
    found = queue.place(handoff, now)
    return {**known, "holder": "waiting", "ahead": found.ahead, "minutes": found.minutes}
