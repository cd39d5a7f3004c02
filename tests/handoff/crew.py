"""People of the desk, and what customers were told."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import insert, update

from kefu.staff import people
from kefu.staff.people import Person, Role
from kefu.storage import messages
from kefu.storage.engine import writing
from kefu.storage.tables import send_windows, staff
from tests.handoff.moments import NOON


def hire(
    login: str, nickname: str = "", role: Role = "agent", now: float = NOON, **changes: Any
) -> Person:
    """Add a person who is at work at `now`; an administrator is somewhere too."""
    if not people.has_administrator():
        _add("boss", "老板", "administrator", now)
    person = _add(login, nickname or login, role, now)
    if changes:
        people.change(person.id, **changes)
    return come(person, now)


def _add(login: str, nickname: str, role: Role, now: float) -> Person:
    # Without a password of their own: hashing one takes longer than most of these tests.
    who = {"login": login, "nickname": nickname, "role": role, "password_hash": "-"}
    with writing() as connection:
        connection.execute(insert(staff).values(created_at=now, **who))
    person = people.by_login(login)
    assert person is not None
    return person


def come(person: Person, now: float) -> Person:
    """Let a person be online with a page open."""
    people.set_state(person.id, "online", now)
    found = people.get(person.id)
    assert found is not None
    return found


def told(conversation: str) -> list[str]:
    """Return what waits for the customer, as the customer reads it."""
    return [_words(m) for m in messages.pending_out(conversation)]


def open_window(conversation: str, sends_left: int, until: float) -> None:
    """Let the customer be one whom WeChat takes so many messages for."""
    row = {"conversation": conversation, "sends_left": sends_left, "open_until": until}
    with writing() as connection:
        connection.execute(insert(send_windows).values(**row))


def change_window(conversation: str, sends_left: int, until: float) -> None:
    """Let WeChat take so many messages for a customer who has a window already."""
    whose = send_windows.c.conversation == conversation
    with writing() as connection:
        connection.execute(
            update(send_windows).where(whose).values(sends_left=sends_left, open_until=until)
        )


def _words(message: messages.Outgoing) -> str:
    if message.author != "bot":
        return message.body
    reply = json.loads(message.body)
    return str(reply["text"]) + "".join(f"[{b['title']}]" for b in reply.get("buttons", []))
