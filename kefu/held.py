"""What a customer gets while a person is called or speaks, and when one has to be called."""

from __future__ import annotations

from kefu import replies
from kefu.exchange import TurnResult
from kefu.handoff import holder, notice
from kefu.handoff.hours import schedule
from kefu.replies import Reply
from kefu.settings import settings

CANCELLED = "好的，已取消排队，我继续为你服务。"
CANCELLED_BUT_LEFT = "好的，已取消排队，我继续为你服务。你之前的留言还在，人工客服会回复你。"
NOT_IN_QUEUE = "现在没有在排队，我继续为你服务。"
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
    if not ends_waiting(text):
        return "held", TurnResult(_progress(conversation, now), "held")
    if text == replies.CANCEL_WAITING:
        holder.cancel(conversation, now)
    else:
        holder.leave(conversation, now)
    return _after_waiting(conversation, text)


def noted(now: float) -> Reply:
    """Return what answers a message for people who are away, or busy."""
    return {"text": _NOTED_SOON if schedule().is_open(now) else notice.NOTED}


def too_late(text: str, has_ticket: bool) -> Reply | None:
    """Answer a button of the wait that is pressed after it; None where it is none of them.

    Args:
        text: What was pressed or typed.
        has_ticket: Whether the customer has left a message for people.
    """
    if text == replies.CANCEL_WAITING:
        return {"text": NOT_IN_QUEUE}
    if text == replies.LEAVE_MESSAGE and has_ticket:
        return {"text": LEAVE_IT}
    return None


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


def _after_waiting(conversation: str, pressed: str) -> tuple[str, TurnResult]:
    handoff = holder.open_of(conversation)
    if handoff is not None and handoff.state == "agent":
        # A person was faster than the button.
        return "held", TurnResult([], "held")
    cancelled = CANCELLED if handoff is None else CANCELLED_BUT_LEFT
    told = cancelled if pressed == replies.CANCEL_WAITING else LEAVE_IT
    return "answered", TurnResult([{"text": told}], "human")


def _progress(conversation: str, now: float) -> list[Reply]:
    handoff = holder.open_of(conversation)
    if handoff is None or handoff.state != "waiting":
        return []
    text = notice.progress(handoff, now)
    if text is None:
        return []
    late = [replies.LEAVE_MESSAGE] if handoff.late_told_at is not None else []
    return [{"text": text, "buttons": replies.buttons([*late, replies.CANCEL_WAITING])}]
