"""What the customer is told about being handed over."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import Connection

from kefu import replies
from kefu.handoff import queue
from kefu.handoff.history import TOLD, note_in
from kefu.handoff.hours import schedule
from kefu.handoff.queue import Place
from kefu.handoff.records import Handoff
from kefu.settings import settings
from kefu.storage.engine import writing
from kefu.storage.tables import handoffs

DONE = "人工客服已结束服务，我继续为你服务"
ALREADY_WAITING = "已经在为你转接人工客服，请稍候。"
ALREADY_LEFT = "你的留言已经记录，人工客服上班后会回复你；其他问题我可以继续帮你。"
NOTED = "已记下你的留言，人工客服上班后会回复你。"
ALREADY_THERE = "人工客服正在为你服务。"
MOVED = "已转给人工客服{agent}，请稍候。"
LOOKING_AGAIN = "正在为你转接其他人工客服，请稍候。"
NOT_WAITING = "人工排队已结束，我继续为你服务。"
MISSED = "抱歉，人工客服一直没有空。你的留言已经记录，客服会尽快回复你；其他问题我可以继续帮你。"

# How often a customer who writes while waiting is told where the request stands.
_PROGRESS_SECONDS = 60.0
_AHEAD = "你前面还有{ahead}位顾客"
_NEXT = "下一位就是你"


def requested(handoff: Handoff, now: float) -> str:
    """Tell what the request led to: a wait with its estimate, or a message to be left."""
    return off_hours(now) if handoff.state == "left" else waiting(handoff, now)


def told(handoff: Handoff, now: float) -> str:
    """Tell the customer where the request stands, also when it was made before."""
    if handoff.announce:
        return requested(handoff, now)
    return {"waiting": ALREADY_WAITING, "left": ALREADY_LEFT}.get(handoff.state, ALREADY_THERE)


def waiting(handoff: Handoff, now: float) -> str:
    """Announce that a person will come, and in how many minutes; note that this was told."""
    place = queue.place(handoff, now)
    with writing() as connection:
        note_told(connection, handoff, place, now)
    return settings().handoff.waiting_notice.replace("{minutes}", str(place.minutes))


def off_hours(now: float) -> str:
    """Ask for a message, and tell when people are there."""
    hours = schedule().describe(now)
    return settings().handoff.off_hours_notice.replace("{service_hours}", hours)


def missed(now: float) -> str:
    """Tell a customer who waited for nobody that the bot goes on and people answer later."""
    return MISSED if schedule().is_open(now) else off_hours(now)


def update_of(place: Place) -> str:
    """Tell a waiting customer the place in the queue and the minutes."""
    text = settings().handoff.waiting_update
    if not place.ahead:
        text = text.replace(_AHEAD, _NEXT)
    return replies.fill(text, ahead=str(place.ahead), minutes=str(place.minutes))


def progress(handoff: Handoff, now: float) -> str | None:
    """Return what answers a customer who writes while waiting, at most once a minute."""
    place = queue.place(handoff, now)
    untold = handoffs.c.told_at.is_(None) | (handoffs.c.told_at <= now - _PROGRESS_SECONDS)
    mine = (handoffs.c.id == handoff.id) & (handoffs.c.state == "waiting")
    with writing() as connection:
        change = update(handoffs).where(mine, untold).values(told_at=now)
        if connection.execute(change).rowcount != 1:
            return None
        note_told(connection, handoff, place, now)
    return update_of(place)


def late() -> str:
    """Return the reply (JSON) to a customer who waits too long: go on, or leave a message."""
    choice = replies.buttons([replies.LEAVE_MESSAGE, replies.CANCEL_WAITING])
    reply: dict[str, Any] = {"text": settings().handoff.late_notice, "buttons": choice}
    return json.dumps(reply, ensure_ascii=False)


def note_told(connection: Connection, handoff: Handoff, place: Place, now: float) -> None:
    """Note what a waiting customer was told, so that the same is not told again."""
    detail = place_detail(place)
    note_in(connection, handoff.id, handoff.conversation, TOLD, now, detail=detail)


def place_detail(place: Place) -> str:
    """Return how a place that was told is noted."""
    return f"{place.ahead}/{place.minutes}"
