"""What the customer is told about being handed over."""

from __future__ import annotations

from kefu.handoff.estimate import waiting_minutes
from kefu.handoff.holder import Handoff
from kefu.handoff.hours import schedule
from kefu.settings import settings

DONE = "人工客服已结束服务，我继续为你服务"
ALREADY_WAITING = "已经在为你转接人工客服，请稍候。"
ALREADY_LEFT = "你的留言已经记录，人工客服上班后会回复你；其他问题我可以继续帮你。"
NOTED = "已记下你的留言，人工客服上班后会回复你。"
ALREADY_THERE = "人工客服正在为你服务。"


def requested(handoff: Handoff, now: float) -> str:
    """Tell what the request led to: a wait with its estimate, or a message to be left."""
    return off_hours(now) if handoff.state == "left" else waiting(handoff, now)


def told(handoff: Handoff, now: float) -> str:
    """Tell the customer where the request stands, also when it was made before."""
    if handoff.announce:
        return requested(handoff, now)
    return {"waiting": ALREADY_WAITING, "left": ALREADY_LEFT}.get(handoff.state, ALREADY_THERE)


def waiting(handoff: Handoff, now: float) -> str:
    """Announce that a person will come, and in how many minutes."""
    minutes = str(waiting_minutes(handoff, now))
    return settings().handoff.waiting_notice.replace("{minutes}", minutes)


def off_hours(now: float) -> str:
    """Ask for a message, and tell when people are there."""
    hours = schedule().describe(now)
    return settings().handoff.off_hours_notice.replace("{service_hours}", hours)
