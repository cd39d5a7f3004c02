"""What a customer gets while a person is called or speaks, and when one has to be called."""

from __future__ import annotations

from kefu import replies
from kefu.exchange import TurnResult
from kefu.handoff import holder, notice
from kefu.handoff.hours import schedule
from kefu.replies import Reply
from kefu.settings import settings

CANCELLED = "好的，已取消排队，我继续为你服务。"
LEAVE_IT = "请直接留言，人工客服会尽快回复你；其他问题我可以继续帮你。"
_NOTED_SOON = "已记下你的留言，人工客服会尽快回复你。"


def answer(conversation: str, who: str, text: str, now: float) -> tuple[str, TurnResult]:
    """Return the state and the reply of a message that is not for the bot.

    Nothing is said while a person speaks. Who waits may stop waiting, and is told from
    time to time how long it takes.

    Args:
        conversation: Conversation id.
        who: waiting or agent.
        text: What was typed; empty where something else came.
        now: UTC seconds.
    """
    if who != "waiting":
        return "held", TurnResult([], "held")
    if text == replies.CANCEL_WAITING:
        holder.cancel(conversation, now)
        return "answered", TurnResult([{"text": CANCELLED}], "human")
    if text == replies.LEAVE_MESSAGE:
        holder.leave(conversation, now)
        return "answered", TurnResult([{"text": LEAVE_IT}], "human")
    return "held", TurnResult(_progress(conversation, now), "held")


def noted(now: float) -> Reply:
    """Return what answers a message for people who are away, or busy."""
    return {"text": _NOTED_SOON if schedule().is_open(now) else notice.NOTED}


def ends_waiting(text: str) -> bool:
    """Tell whether a text is the press of a button that a waiting customer has."""
    return text.strip() in (replies.CANCEL_WAITING, replies.LEAVE_MESSAGE)


def leave_ticket(conversation: str, question: str, now: float) -> Reply | None:
    """Bring a person in and return the apology, with what follows from it.

    None where a person is there already.
    """
    handoff = holder.request(conversation, "failed_turn", question, None, now)
    if handoff.state == "agent":
        return None
    reply: Reply = {"text": f"{settings().assistant.apology}\n{notice.told(handoff, now)}"}
    if handoff.state == "waiting":
        reply["buttons"] = replies.buttons([replies.CANCEL_WAITING])
    return reply


def _progress(conversation: str, now: float) -> list[Reply]:
    handoff = holder.open_of(conversation)
    if handoff is None or handoff.state != "waiting":
        return []
    text = notice.progress(handoff, now)
    if text is None:
        return []
    late = [replies.LEAVE_MESSAGE] if handoff.late_told_at is not None else []
    return [{"text": text, "buttons": replies.buttons([*late, replies.CANCEL_WAITING])}]
