"""Customers who wait while nobody is there: a report in service hours, a ticket after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kefu import rings
from kefu.handoff import farewell, reports, steps
from kefu.handoff.hours import schedule
from kefu.handoff.records import Handoff, get_in
from kefu.settings import settings
from kefu.staff import people
from kefu.staff.people import PRESENT_SECONDS
from kefu.storage.engine import writing

NOBODY = "nobody_available"


def report_absence(waiting: Sequence[Handoff], now: float) -> None:
    """Report to the operators that customers wait in service hours and nobody is at work."""
    alone = bool(waiting) and schedule().is_open(now) and not settings().helpdesk.url
    if alone and not _somebody_at_work(now):
        since = datetime.fromtimestamp(waiting[0].requested_at, settings().assistant.zone)
        text = f"{len(waiting)} 位顾客在等人工，最早从 {since:%H:%M} 开始，没有客服在线"
        changed = reports.open_report(NOBODY, text, now)
    else:
        changed = reports.close_report(NOBODY, now)
    if changed and waiting:
        rings.changed(waiting[0].conversation)


def close_for_the_day(waiting: Sequence[Handoff], now: float) -> None:
    """Turn waits into tickets when the service hours are over and nobody is there any more.

    Whoever stays longer may still take them.
    """
    if not waiting or schedule().is_open(now) or settings().helpdesk.url or _somebody_is_there(now):
        return
    for handoff in waiting:
        with writing() as connection:
            left = steps.leave_in(connection, handoff, now, None)
            handoff = get_in(connection, handoff.id)
        if left:
            farewell.tell(handoff, now)
            rings.changed(handoff.conversation)


def _somebody_at_work(now: float) -> bool:
    return any(people.at_work(person, now) for person in people.everybody())


def _somebody_is_there(now: float) -> bool:
    return any(
        person.active and person.state != "away" and now - person.seen_at <= PRESENT_SECONDS
        for person in people.everybody()
    )
