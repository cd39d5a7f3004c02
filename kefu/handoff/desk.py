"""What an agent's act means: the step itself, what the customer is told, the bells rung.

The step and the words about it are one transaction.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from kefu import rings
from kefu.handoff import farewell, holder, notice, steps
from kefu.handoff.history import TAKINGS, HandoffEvent, last_event
from kefu.handoff.other_desks import of_other_desks
from kefu.handoff.records import Handoff, HandoffError, get_in
from kefu.handoff.room import takes
from kefu.handoff.steps import How
from kefu.settings import settings
from kefu.staff import people
from kefu.staff.names import name_in
from kefu.storage import internal_notes, media, messages
from kefu.storage.conversations import channel_of
from kefu.storage.engine import writing
from kefu.storage.messages import Added

# What WeChat lets a customer be sent is little: the last of it is for the agent's words.
_FOR_WORDS = 1
# By the last of these we know whom the customer was told of.
_CHANGES = (*TAKINGS, "returned")


def take(number: int, login: str, now: float) -> Handoff:
    """Take a customer or a ticket; the customer is told.

    Raises:
        HandoffError: It does not exist, is closed, or another agent has it.
    """
    return _take(number, login, now, "accepted")[0]


def assign(number: int, login: str, now: float) -> Handoff | None:
    """Give a waiting customer to an agent; the customer is told. None: it waits no more."""
    try:
        handoff, changed = _take(number, login, now, "assigned")
    except HandoffError:
        return None
    return handoff if changed else None


def say(number: int, login: str, text: str, now: float, key: str | None = None) -> int:
    """Say something to the customer; take the customer first where nobody has.

    Args:
        number: Number of the handoff.
        login: Who says it.
        text: What.
        now: UTC seconds.
        key: Made by whoever sends it; the same one again says nothing more.

    Returns:
        The id of the message.

    Raises:
        HandoffError: The text is empty or too long, or the handoff is closed or another's.
    """
    return _speak(number, login, _checked(text), None, now, key)


def say_picture(
    number: int, login: str, content: bytes, content_type: str, now: float, key: str | None = None
) -> int:
    """Send the customer a picture that was prepared for it, as `say` does a text."""
    return _speak(number, login, "", (content, content_type), now, key)


def transfer(
    number: int, login: str, to: str, now: float, note: str | None = None, force: bool = False
) -> Handoff:
    """Give a customer to another of our people; the customer is told.

    Args:
        number: Number of the handoff.
        login: Who gives it.
        to: Login of who gets it.
        now: UTC seconds.
        note: What the next one should know.
        force: An operator gives it, whoever has it, and also what waits.

    Raises:
        HandoffError: Nobody has that login, or the customer is not the agent's to give.
    """
    person = people.by_login(to)
    if person is None or not person.active:
        raise HandoffError(f"没有登录名为 {to} 的客服，请重新选择")
    room = _room(number, now)
    with writing() as connection:
        before = last_event(connection, number, *_CHANGES)
        handoff = steps.transfer_in(connection, number, login, person.login, now, note, force)
        told = room and _announce(connection, handoff, before, now)
    _ring(handoff, told)
    people.assigned(person.id, now)
    return handoff


def put_back(number: int, login: str, now: float, by: str | None = None) -> Handoff:
    """Let a customer wait for another agent, at the place of the first request.

    Args:
        number: Number of the handoff.
        login: Who has the customer.
        now: UTC seconds.
        by: Login of the operator who does it; None: the one who has the customer.

    Raises:
        HandoffError: It is not the agent's.
    """
    room = _room(number, now)
    with writing() as connection:
        handoff = steps.put_back_in(connection, number, now, login, by or login)
        if room:
            messages.add_in(connection, handoff.conversation, "system", notice.LOOKING_AGAIN, now)
    _ring(handoff, room)
    return handoff


def finish(
    number: int,
    now: float,
    reason: str = "done",
    by: str | None = None,
    seen: Handoff | None = None,
) -> Handoff:
    """End the service of a person, tell the customer that the bot goes on, ask for a rating.

    Args:
        number: Number of the handoff.
        now: UTC seconds.
        reason: done, idle or cancelled.
        by: Login of who ends it.
        seen: How whoever ends it saw it: once it has changed hands, it is not ended.

    Raises:
        HandoffError: It does not exist, is closed already, or has changed hands.
    """
    room = takes(holder.get(number).conversation, now, 0)
    with writing() as connection:
        before = get_in(connection, number, for_change=True)
        if seen is not None:
            _require_unchanged(before, seen)
        waited = before.state == "waiting"
        handoff = steps.close_in(connection, number, reason, now, by)
        told = waited and room
        if told:
            messages.add_in(connection, handoff.conversation, "system", notice.NOT_WAITING, now)
    _ring(handoff, told)
    if not waited:
        farewell.tell(handoff, now)
    return handoff


def _require_unchanged(handoff: Handoff, seen: Handoff) -> None:
    changed = (handoff.state, handoff.agent) != (seen.state, seen.agent)
    if changed and handoff.state != "closed":
        raise HandoffError("这位顾客的接待情况刚刚变了，没有结束。请看过之后再操作")


def note(number: int, login: str, text: str, now: float) -> int:
    """Keep a note for other agents and return its number; the customer never gets it.

    Raises:
        HandoffError: The text is empty or too long, or there is no such handoff.
    """
    text, handoff = _checked(text), holder.get(number)
    made = internal_notes.add(handoff.conversation, number, login, text, now)
    rings.changed(handoff.conversation)
    return made


def _take(number: int, login: str, now: float, how: How) -> tuple[Handoff, bool]:
    _require_ours(holder.get(number).conversation)
    room = _room(number, now)
    with writing() as connection:
        handoff, changed, told = _take_in(connection, number, login, now, how, room)
    _ring(handoff, told)
    if changed:
        _count(login, now)
    return handoff, changed


def _speak(
    number: int,
    login: str,
    text: str,
    picture: tuple[bytes, str] | None,
    now: float,
    key: str | None,
) -> int:
    before = holder.get(number)
    _require_ours(before.conversation)
    key = None if key is None else f"desk:{key}"
    known = None if key is None else messages.of_key(before.conversation, key)
    if known is not None:
        return known
    room = takes(before.conversation, now, _FOR_WORDS)
    channel = channel_of(before.conversation) if picture else ""
    with writing() as connection:
        handoff, changed, _ = _take_in(connection, number, login, now, "accepted", room)
        added = _add_in(connection, handoff, text, picture, now, key)
        if added.new and picture:
            media.keep(connection, added.id, handoff.conversation, channel, *picture, now)
        steps.said_in(connection, number, login, now)
    _ring(handoff, True)
    if changed:
        _count(login, now)
    return added.id


def _require_ours(conversation: str) -> None:
    if of_other_desks([conversation]):
        raise HandoffError("这位顾客由微信自带的客服工具接待，请在那里回复")


def _take_in(
    connection: Connection, number: int, login: str, now: float, how: How, room: bool
) -> tuple[Handoff, bool, bool]:
    """Return the handoff, whether it changed hands, and whether the customer was told."""
    before = last_event(connection, number, *_CHANGES)
    handoff, changed = steps.accept_in(connection, number, login, now, how)
    told = changed and room and _announce(connection, handoff, before, now)
    return handoff, changed, told


def _announce(
    connection: Connection, handoff: Handoff, before: HandoffEvent | None, now: float
) -> bool:
    """Tell the customer who is there now, where it is not whom the customer was told of."""
    told_whom = before.target if before else None
    # An agent who puts a customer back has them told that another one is looked for.
    told_of_another = before is not None and before.kind == "returned" and before.actor is not None
    if handoff.agent is None or (told_whom == handoff.agent and not told_of_another):
        return False
    is_new = told_whom not in (None, handoff.agent)
    text = notice.MOVED if is_new else settings().handoff.accepted_notice
    if not text:
        return False
    words = text.replace("{agent}", name_in(connection, handoff.agent))
    messages.add_in(connection, handoff.conversation, "system", words, now)
    return True


def _add_in(
    connection: Connection,
    handoff: Handoff,
    text: str,
    picture: tuple[bytes, str] | None,
    now: float,
    key: str | None,
) -> Added:
    kind = "image" if picture else "text"
    return messages.add_in(connection, handoff.conversation, "agent", text, now, kind=kind, key=key)


def _checked(text: str) -> str:
    longest = settings().reception.max_text
    if not text.strip():
        raise HandoffError("内容为空，请写上要说的话")
    if len(text) > longest:
        raise HandoffError(f"内容有 {len(text)} 个字，至多 {longest} 个，请分几次发")
    return text


def _room(number: int, now: float) -> bool:
    return takes(holder.get(number).conversation, now, _FOR_WORDS)


def _count(login: str, now: float) -> None:
    person = people.by_login(login)
    if person is not None:
        people.assigned(person.id, now)


def _ring(handoff: Handoff, told: bool) -> None:
    if told:
        rings.message_waits(handoff.conversation)
    else:
        rings.changed(handoff.conversation)
