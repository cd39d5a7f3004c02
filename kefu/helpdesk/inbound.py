"""What the helpdesk tells us: its people take customers, write, and are done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select

from kefu import rings
from kefu.handoff import desk, holder
from kefu.handoff.records import Handoff, HandoffError
from kefu.helpdesk import agents, events, receipts
from kefu.helpdesk.inbound_format import BadEvent, Inbound
from kefu.helpdesk.receipts import Answer
from kefu.storage import messages
from kefu.storage.engine import reading
from kefu.storage.tables import helpdesk_events

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

# Makes a picture fit to be sent: its bytes -> new bytes and their content type.
Prepare = Callable[[bytes], tuple[bytes, str]]


def act(event: Inbound, prepare: Prepare, now: float) -> Answer:
    """Do what an event says and return the answer; a repeat gets the same one.

    Raises:
        BadEvent: The handoff is unknown, over, or somebody else's.
    """
    before = receipts.answer_to(event.id)
    if before is not None:
        return {**before, "repeat": True}
    handoff = _known(event.handoff)
    if event.kind == "typing":
        return _typing(handoff)
    try:
        answer = _done(event, handoff, prepare, now)
    except HandoffError as error:
        raise _conflict(event.handoff, str(error)) from None
    receipts.note(event.id, event.kind, handoff.conversation, handoff.id, answer, now)
    logger.info("helpdesk: %s for handoff %s", event.kind, handoff.id)
    return answer


def _done(event: Inbound, handoff: Handoff, prepare: Prepare, now: float) -> Answer:
    message: int | None = None
    if event.kind == "closed":
        _close(handoff, now)
    elif event.kind == "returned":
        _put_back(handoff, now)
    elif event.kind == "accepted":
        _as_one_of_theirs(handoff, event.login, lambda: _take(handoff, event.login, now), now)
    else:
        message = _say(event, handoff, prepare, now)
    said = {} if message is None else {"message": message}
    return {"ok": True, "handoff": handoff.id, "state": holder.get(handoff.id).state, **said}


def _say(event: Inbound, handoff: Handoff, prepare: Prepare, now: float) -> int:
    """Say what one of their people says, once, and return the message's id."""
    key = f"{agents.KEY}{events.inbound_id(event.id)}"
    said = messages.of_key(handoff.conversation, f"{agents.DESK}{key}")
    if said is not None:
        # It was said before a crash, and the handoff may be over by now.
        return said
    number, login = handoff.id, event.login
    if event.kind == "message":
        return _as_one_of_theirs(
            handoff, login, lambda: desk.say(number, login, event.text, now, key), now
        )
    content, content_type = prepare(event.picture)
    return _as_one_of_theirs(
        handoff,
        login,
        lambda: desk.say_picture(number, login, content, content_type, now, key),
        now,
    )


def _as_one_of_theirs(handoff: Handoff, login: str, do: Callable[[], _T], now: float) -> _T:
    """Do something as a person of theirs, who may follow on another of them.

    Who of them has the customer is their affair; the customer is not told of it.
    """
    try:
        return do()
    except HandoffError:
        current = holder.get(handoff.id)
        if current.state != "agent" or not agents.is_outside(current.agent):
            raise
        if current.agent != login:
            holder.transfer(handoff.id, current.agent or "", login, now)
    return do()


def _take(handoff: Handoff, login: str, now: float) -> None:
    desk.take(handoff.id, login, now)


def _close(handoff: Handoff, now: float) -> None:
    if handoff.state == "agent" and not agents.is_outside(handoff.agent):
        raise HandoffError(f"编号 {handoff.id} 的顾客正由工作台的客服接待，不能从外部结束")
    try:
        desk.finish(handoff.id, now, by=handoff.agent)
    except HandoffError:
        if holder.get(handoff.id).state != "closed":
            raise


def _put_back(handoff: Handoff, now: float) -> None:
    if handoff.state == "agent" and agents.is_outside(handoff.agent):
        desk.put_back(handoff.id, handoff.agent or "", now)
    elif handoff.state not in ("waiting", "left"):
        raise HandoffError(f"编号 {handoff.id} 的顾客不由外部客服接待，不能重新排队")


def _typing(handoff: Handoff) -> Answer:
    if handoff.state == "agent" and agents.is_outside(handoff.agent):
        rings.agent_types(handoff.conversation)
    return {"ok": True, "handoff": handoff.id, "state": handoff.state}


def _known(number: int) -> Handoff:
    """Return a handoff that the helpdesk was told of."""
    unknown = BadEvent(404, "unknown_handoff", f"没有向外部客服系统转接过编号 {number}")
    try:
        handoff = holder.get(number)
    except HandoffError:
        raise unknown from None
    was_told = select(helpdesk_events.c.id).where(
        helpdesk_events.c.conversation == handoff.conversation,
        helpdesk_events.c.handoff == number,
        helpdesk_events.c.kind == events.REQUESTED,
    )
    with reading() as connection:
        if connection.execute(was_told).first() is None:
            raise unknown
    return handoff


def _conflict(number: int, text: str) -> BadEvent:
    state = holder.get(number).state
    code = {"closed": "closed", "agent": "held_by_other"}.get(state, "not_held")
    return BadEvent(409, code, text)
