"""What has to be looked at again and again: who waits, and who went silent.

Each look starts from the database alone and does nothing twice, so it does not matter
which process looks, or whether one died in the middle of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.errors import KefuError
from kefu.handoff import farewell, holder, queue
from kefu.handoff.assignment import assign_waiting
from kefu.handoff.attendance import close_for_the_day, report_absence
from kefu.handoff.other_desks import of_other_desks
from kefu.handoff.records import Handoff
from kefu.handoff.returns import return_unanswered
from kefu.handoff.waiting_news import tell_late, tell_waiting

logger = logging.getLogger(__name__)


def look(now: float) -> None:
    """Look once; what fails does not keep the rest from being done.

    Args:
        now: UTC seconds.
    """
    for step in (_give_back, _say_farewell, return_unanswered, assign_waiting, _tell_waiting):
        _try(step, now)


def _try(step: Callable[[float], object], now: float) -> None:
    try:
        step(now)
    except (SQLAlchemyError, KefuError):
        logger.exception("a round was not finished: %s", step.__name__)


def _give_back(now: float) -> None:
    for handoff in holder.give_back(None, now):
        rings.changed(handoff.conversation)


def _say_farewell(now: float) -> None:
    for handoff in _ours(farewell.untold(now)):
        farewell.tell(handoff, now)


def _tell_waiting(now: float) -> None:
    waiting = _ours(queue.waiting(now))
    close_for_the_day(waiting, now)
    tell_late(waiting, now)
    tell_waiting(waiting, now)
    report_absence(waiting, now)


def _ours(found: list[Handoff]) -> list[Handoff]:
    """Return those whose customers no other desk serves: they are told nothing by us."""
    elsewhere = of_other_desks(handoff.conversation for handoff in found)
    return [handoff for handoff in found if handoff.conversation not in elsewhere]
