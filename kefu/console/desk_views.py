"""What stands over a conversation: whose it is, what may be done, what the channel takes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kefu.console.desk_words import category_title, channel_name, customer_name, person_name
from kefu.console.rights import holds, may_open
from kefu.console.telling import window_data
from kefu.handoff import holder
from kefu.handoff.records import Handoff
from kefu.handoff.views import CLOSINGS, REASONS, STATES
from kefu.staff import people
from kefu.staff.people import Person
from kefu.storage.conversations import visit_of
from kefu.storage.windows_view import WindowView, window_of


@dataclass(frozen=True)
class Head:
    """A handoff as its page shows it to a person. Times are UTC seconds.

    Attributes:
        handoff: The handoff.
        customer, channel: Who it is about, and where they write.
        state, reason, category, ended, holder: In Chinese.
        mine: Whether the person has the customer.
        free: Whether anybody may take the customer.
        may_take_over: Whether an operator may take the customer from somebody.
        may_finish, may_give: Whether the person may end it; hand it on, or back to the queue.
        silent: Why the person cannot write; empty where they can.
        newer: The open handoff of the same customer, where this one is over.
        window: What the channel takes, as JSON.
    """

    handoff: Handoff
    customer: str
    channel: str
    state: str
    reason: str
    category: str
    ended: str
    holder: str
    mine: bool
    free: bool
    may_take_over: bool
    may_finish: bool
    may_give: bool
    silent: str
    newer: int | None
    window: str


def head_of(handoff: Handoff, person: Person, now: float) -> Head:
    """Return what stands over a conversation. It waits for the database."""
    mine, free = holds(person, handoff), handoff.state in ("waiting", "left")
    held_by_other = handoff.state == "agent" and not mine
    visit = visit_of(handoff.conversation)
    window = window_of(handoff.conversation, now)
    name = person_name(handoff.agent) if handoff.agent else ""
    return Head(
        handoff=handoff,
        customer=customer_name(handoff.conversation),
        channel=channel_name(visit.channel if visit else None),
        state=STATES.get(handoff.state, handoff.state),
        reason=REASONS.get(handoff.reason, handoff.reason),
        category=category_title(handoff.category),
        ended=CLOSINGS.get(handoff.close_reason or "", ""),
        holder=name,
        mine=mine,
        free=free,
        may_take_over=held_by_other and person.is_operator,
        may_finish=mine or handoff.state == "left" or (held_by_other and person.is_operator),
        may_give=mine or (person.is_operator and handoff.state != "closed"),
        silent=_silent(handoff, mine, name),
        newer=_newer(handoff, person),
        window=json.dumps(window_data(window)),
    )


def refuses(window: WindowView | None) -> bool:
    """Tell whether a channel takes nothing for its customer now."""
    return window is not None and not window.takes_more


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom a customer can be handed."""

    login: str
    nickname: str
    state: str
    chats: int
    max_chats: int
    at_work: bool

    @property
    def is_free(self) -> bool:
        """Tell whether they are there and have room for one more."""
        return self.at_work and self.chats < self.max_chats


def colleagues(person: Person, handoff: Handoff, now: float) -> list[Colleague]:
    """Return to whom a customer can be handed, those who are free first, the least busy first."""
    chats: dict[str, int] = {}
    for one in holder.open_handoffs():
        if one.state == "agent" and one.agent:
            chats[one.agent] = chats.get(one.agent, 0) + 1
    found = [
        Colleague(
            one.login,
            one.nickname,
            one.state if now - one.seen_at <= people.PRESENT_SECONDS else "away",
            chats.get(one.login, 0),
            one.max_chats,
            people.at_work(one, now),
        )
        for one in people.everybody()
        if one.active and one.login != handoff.agent
    ]
    return sorted(
        found, key=lambda one: (not one.is_free, not one.at_work, one.chats, one.nickname)
    )


def _silent(handoff: Handoff, mine: bool, name: str) -> str:
    if handoff.state == "closed":
        return "服务已结束，顾客再次转人工时会有新的会话"
    if handoff.state == "agent" and not mine:
        return f"顾客正由 {name} 接待"
    return ""


def _newer(handoff: Handoff, person: Person) -> int | None:
    if handoff.state != "closed":
        return None
    newer = holder.open_of(handoff.conversation)
    return newer.id if newer is not None and may_open(person, newer) else None
