"""What customers are told when nobody holds or awaits them any more, exactly once.

The end and the notice are two steps. Rounds look for ends whose customers were not told,
so that a process that dies in between, or reception that gives an idle customer back
without a word, loses nothing.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select
from sqlalchemy.orm import aliased

from kefu import rings
from kefu.handoff import notice, rating
from kefu.handoff.history import FAREWELL
from kefu.handoff.records import Handoff, from_row
from kefu.handoff.room import takes
from kefu.storage import messages
from kefu.storage.engine import reading, writing
from kefu.storage.tables import handoff_events, handoffs, send_windows

# A customer who was not told for so long has moved on.
_LATEST = 3600.0

_END, _LATER, _NEWER = handoff_events, aliased(handoff_events), aliased(handoffs)
_BEFORE = select(func.max(_END.c.id)).where(_END.c.at <= bindparam("since")).scalar_subquery()
_IS_END = or_(
    and_(_END.c.kind.in_(("done", "idle")), handoffs.c.state == "closed"),
    and_(_END.c.kind == "left", _END.c.actor.is_(None), handoffs.c.state == "left"),
)
_TOLD = exists().where(
    _LATER.c.handoff == _END.c.handoff, _LATER.c.kind == FAREWELL, _LATER.c.id > _END.c.id
)
_FOLLOWED = exists().where(
    _NEWER.c.conversation == handoffs.c.conversation, _NEWER.c.id > handoffs.c.id
)
_SHUT = exists().where(
    send_windows.c.conversation == handoffs.c.conversation,
    or_(send_windows.c.sends_left <= 0, send_windows.c.open_until <= bindparam("now")),
)
_UNTOLD = (
    select(handoffs)
    .join(_END, handoffs.c.id == _END.c.handoff)
    .where(_END.c.id > func.coalesce(_BEFORE, 0), _IS_END, ~_TOLD, ~_FOLLOWED, ~_SHUT)
    .order_by(_END.c.id)
)


def tell(handoff: Handoff, now: float) -> None:
    """Tell the customer that the bot goes on, and ask for a rating where a person served.

    A ticket that nobody took ends silently: the customer never had a person. Where the
    channel takes nothing now, a round says it once the customer has written again. Doing
    it twice says it once.
    """
    served = handoff.state == "left" or handoff.accepted_at is not None
    if served:
        if not takes(handoff.conversation, now, leaving=0):
            return
        _say_left(handoff, now) if handoff.state == "left" else _say_done(handoff, now)
        rings.message_waits(handoff.conversation)
    with writing() as connection:
        mark = {"handoff": handoff.id, "conversation": handoff.conversation, "at": now}
        connection.execute(insert(handoff_events).values(kind=FAREWELL, **mark))


def untold(now: float) -> list[Handoff]:
    """Return what ended in the last hour and whose customers were not told, oldest end first.

    A newer handoff makes the end of the one before it no news; whom the channel takes
    nothing for waits.
    """
    moments = {"since": now - _LATEST, "now": now}
    with reading() as connection:
        return [from_row(row) for row in connection.execute(_UNTOLD, moments)]


def _say_left(handoff: Handoff, now: float) -> None:
    key = f"left:{handoff.id}:{handoff.requested_at:.0f}"
    with writing() as connection:
        messages.add_in(
            connection, handoff.conversation, "system", notice.missed(now), now, key=key
        )


def _say_done(handoff: Handoff, now: float) -> None:
    if rating.ask(handoff, now, intro=f"{notice.DONE}。\n") is not None:
        return
    with writing() as connection:
        key = f"done:{handoff.id}"
        messages.add_in(connection, handoff.conversation, "system", notice.DONE, now, key=key)
