"""Handing over to WeChat's own desk: who is there, as far as it can be known.

WeChat says nothing of a mini-program's desk. What is inferred: while a customer waits in
its queue, messages still reach us, and each is handed over again; while a person has the
customer none does; so one that comes later means that the person is done. An official
account's desk sends events besides.
"""

from __future__ import annotations

from kefu.handoff import holder
from kefu.handoff.hours import schedule
from kefu.handoff.keywords import asks_for_person
from kefu.normalise import normalise
from kefu.settings import settings
from kefu.storage.encryption import pseudonym

# In the place of a person's name until the desk tells who it is.
DESK = "微信客服"
# A message within this time of the last one handed over: the customer is still in the queue.
QUEUE_SECONDS = 600.0


def has_customer(conversation: str, now: float) -> bool:
    """Tell whether a message that reached us belongs to WeChat's desk, and note it there."""
    if holder.who_holds(conversation, now) == "bot":
        return False
    handoff = holder.open_of(conversation)
    if handoff is None or handoff.state == "left":
        return False
    if handoff.state == "waiting":
        holder.accept(handoff.id, DESK, now)
        return True
    if handoff.agent == DESK and now - handoff.active_at <= QUEUE_SECONDS:
        holder.keep(handoff.id, DESK, now)
        return True
    holder.close(handoff.id, "done", now)
    return False


def take_over(conversation: str, text: str, answered: bool, now: float) -> bool:
    """Take a customer over to the desk where the turn called for a person; tell whether it did.

    A turn that was not answered in time cannot say; then the customer's own words do.
    """
    handoff = holder.open_of(conversation)
    wanted = handoff is not None and handoff.state == "waiting"
    if not wanted and not answered and _asks(text) and schedule().is_open(now):
        handoff = holder.request(conversation, "keyword", text, None, now)
        wanted = handoff.state == "waiting"
    if handoff is None or not wanted:
        return False
    holder.accept(handoff.id, DESK, now)
    return True


def opened(conversation: str, agent: str, now: float) -> None:
    """Note that a person of WeChat's desk has taken the customer."""
    handoff = holder.open_of(conversation)
    if handoff is None:
        handoff = holder.request(conversation, "button", None, None, now)
    if handoff.state in ("waiting", "left"):
        holder.accept(handoff.id, agent or DESK, now)
    else:
        holder.keep(handoff.id, agent or DESK, now)


def closed(conversation: str, now: float) -> None:
    """Note that the person is done: the bot speaks with the customer again."""
    handoff = holder.open_of(conversation)
    if handoff is not None and handoff.state == "agent":
        holder.close(handoff.id, "done", now)


def conversation_of(channel: str, openid: str) -> str:
    """Return the conversation that a customer has in a channel."""
    return pseudonym(channel, openid)


def _asks(text: str) -> bool:
    return asks_for_person(normalise(text), settings().handoff.keywords)
