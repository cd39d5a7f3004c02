"""Who gets a waiting customer: by skill, the last agent first, then the least busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from kefu.handoff import desk, queue
from kefu.handoff.other_desks import of_other_desks
from kefu.handoff.records import Handoff
from kefu.settings import settings
from kefu.staff import people
from kefu.staff.people import Person
from kefu.storage.engine import reading
from kefu.storage.tables import handoff_events, handoffs

_REMEMBERED_SECONDS = 7 * 86400.0
_NOT_AGAIN_SECONDS = 600.0


@dataclass(frozen=True)
class Past:
    """What a customer's past says about who should get the customer.

    Attributes:
        last: Login of who served the customer last, in the last days.
        missed: Logins of those whom the customer was taken from just now.
        refused: Logins of those who put the customer back themselves just now.
    """

    last: str | None = None
    missed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


def assign_waiting(now: float) -> list[Handoff]:
    """Give those who wait to agents who have room, in their order; return what was given.

    Whom nobody can take does not keep the next one waiting.
    """
    if settings().handoff.assignment != "auto" or settings().helpdesk.url:
        return []
    waiting = queue.waiting(now)
    staff = _at_work(now) if waiting else []
    if not staff:
        return []
    elsewhere = of_other_desks(handoff.conversation for handoff in waiting)
    given, chats = [], _chats()
    for handoff in waiting:
        if handoff.conversation in elsewhere:
            continue
        if not any(_has_room(person, chats) for person in staff):
            break
        order = ordered(handoff, staff, chats, _past(handoff, now), now)
        taken = desk.assign(handoff.id, order[0].login, now) if order else None
        if taken is not None and taken.agent is not None:
            given.append(taken)
            chats[taken.agent] += 1
            staff = _touched(staff, order[0], now)
    return given


def candidates(handoff: Handoff, now: float) -> list[Person]:
    """Return who could get a customer now, the one who should first."""
    return ordered(handoff, _at_work(now), _chats(), _past(handoff, now), now)


def ordered(
    handoff: Handoff,
    staff: Collection[Person],
    chats: Mapping[str, int],
    past: Past,
    now: float,
) -> list[Person]:
    """Return who could get a customer, the one who should first.

    Args:
        handoff: The waiting customer.
        staff: Who is at work.
        chats: How many customers each login has.
        past: What happened to the customer before.
        now: UTC seconds.
    """
    free = [p for p in staff if _has_room(p, chats) and p.login not in past.refused]
    able = [person for person in free if _is_skilled(person, handoff.category)]
    if not able and now - handoff.active_at >= settings().handoff.skill_wait_seconds:
        able = free
    fresh = [person for person in able if person.login not in past.missed]
    return sorted(
        fresh or able,
        key=lambda p: (p.login != past.last, chats.get(p.login, 0) / p.max_chats, p.assigned_at),
    )


def _has_room(person: Person, chats: Mapping[str, int]) -> bool:
    return chats.get(person.login, 0) < person.max_chats


def _is_skilled(person: Person, category: str | None) -> bool:
    return category is None or not person.skills or category in person.skills


def _at_work(now: float) -> list[Person]:
    return [person for person in people.everybody() if people.at_work(person, now)]


def _chats() -> Counter[str]:
    query = (
        select(handoffs.c.agent, func.count().label("chats"))
        .where(handoffs.c.state == "agent")
        .group_by(handoffs.c.agent)
    )
    with reading() as connection:
        return Counter({row.agent: row.chats for row in connection.execute(query)})


def _past(handoff: Handoff, now: float) -> Past:
    served = (
        select(handoffs.c.agent)
        .where(
            handoffs.c.conversation == handoff.conversation,
            handoffs.c.id < handoff.id,
            handoffs.c.agent.is_not(None),
            handoffs.c.closed_at > now - _REMEMBERED_SECONDS,
        )
        .order_by(handoffs.c.id.desc())
        .limit(1)
    )
    returned = select(handoff_events.c.actor, handoff_events.c.target).where(
        handoff_events.c.handoff == handoff.id,
        handoff_events.c.kind == "returned",
        handoff_events.c.at > now - _NOT_AGAIN_SECONDS,
    )
    with reading() as connection:
        last = connection.execute(served).scalar()
        gone = connection.execute(returned).all()
    refused = frozenset(row.target for row in gone if row.actor == row.target)
    return Past(last, frozenset(row.target for row in gone) - refused, refused)


def _touched(staff: Iterable[Person], given: Person, now: float) -> list[Person]:
    """Return the people with the one marked who just got a customer."""
    return [
        person if person.id != given.id else Person(**{**vars(person), "assigned_at": now})
        for person in staff
    ]
