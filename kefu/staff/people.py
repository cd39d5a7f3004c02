"""The people of the desk: added, changed, found, and whether they are at work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection

from kefu.handoff.hours import Schedule, schedule
from kefu.settings import ServiceHours, settings
from kefu.staff import checks, passwords
from kefu.staff.person import COLUMNS, Person, Role, StaffError, State, from_row
from kefu.storage.engine import reading, writing
from kefu.storage.tables import staff, staff_sessions
from kefu.storage.upsert import insert_or_ignore

__all__ = ["Person", "Role", "StaffError", "State"]

# A page of theirs tells that it is open more often than this.
PRESENT_SECONDS = 45.0


def add(
    login: str,
    nickname: str,
    role: str,
    password: str,
    now: float,
    must_change: bool = False,
) -> Person:
    """Add a person.

    Args:
        login: What they sign in with; capital letters are made small.
        nickname: What customers read.
        role: What they may do.
        password: Their password.
        now: Time of this.
        must_change: Whether they have to choose another one when they sign in.

    Raises:
        StaffError: Something of it will not do, or somebody has the login.
    """
    login = checks.checked_login(login)
    passwords.check(password, login)
    values = checks.stored({"nickname": nickname, "role": role})
    kept = passwords.hashed(password)
    with writing() as connection:
        made = insert_or_ignore(
            connection, staff, ("login",), login=login, password_hash=kept,
            must_change=must_change, created_at=now, **_FRESH, **values,
        )  # fmt: skip
    if made is None:
        raise StaffError(f"登录名「{login}」已经有人用了，请换一个")
    return _existing(made)


def get(number: int) -> Person | None:
    """Return a person by number."""
    return _one(staff.c.id == number)


def by_login(login: str) -> Person | None:
    """Return a person by login."""
    wanted = checks.login_of(login)
    return _one(staff.c.login == wanted) if wanted else None


def everybody() -> list[Person]:
    """Return all people, those who may sign in first, by login."""
    query = select(COLUMNS).order_by(staff.c.active.desc(), staff.c.login)
    with reading() as connection:
        return [from_row(row) for row in connection.execute(query)]


def change(number: int, **fields: Any) -> Person:
    """Change a person.

    Whoever gets another role or may no longer sign in is signed out everywhere.

    Args:
        number: Number of the person.
        fields: nickname, role, skills, hours, max_chats, active.

    Raises:
        StaffError: A value will not do, or nobody could administer any more.
    """
    values = checks.stored(fields)
    with writing() as connection:
        before = _locked(connection, number)
        connection.execute(update(staff).where(staff.c.id == number).values(**values))
        if before.role == "administrator" and before.active:
            _require_administrator(connection)
        role, active = values.get("role", before.role), values.get("active", before.active)
        if role != before.role or not active:
            _sign_out(connection, number)
    return _existing(number)


def set_password(number: int, password: str, must_change: bool = False) -> None:
    """Set a password and sign the person out everywhere; a lock is lifted.

    Raises:
        StaffError: There is no such person, or the password is too easy.
    """
    person = _existing(number)
    passwords.check(password, person.login)
    values = {"password_hash": passwords.hashed(password), "must_change": must_change}
    with writing() as connection:
        chosen = update(staff).where(staff.c.id == number)
        connection.execute(chosen.values(**values, failures=0, locked_until=0.0))
        _sign_out(connection, number)


def unlock(number: int) -> None:
    """Let a person try to sign in again."""
    _set(number, failures=0, locked_until=0.0)


def set_picture(number: int, content: bytes | None, content_type: str | None) -> None:
    """Set or remove (None) the picture."""
    _set(number, picture=content, picture_type=content_type)


def picture(number: int) -> tuple[bytes, str] | None:
    """Return a person's picture and its content type."""
    query = select([staff.c.picture, staff.c.picture_type]).where(staff.c.id == number)
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or row.picture_type is None:
        return None
    return row.picture, row.picture_type


def set_state(number: int, state: str, now: float) -> None:
    """Set what a person chose to be. Raises StaffError for an unknown state."""
    _set(number, state=checks.checked_state(state), state_at=now, seen_at=now)


def seen(number: int, now: float) -> None:
    """Take down that a page of theirs is open."""
    _set(number, seen_at=now)


def gone(number: int) -> None:
    """Take down that they signed out: nobody is given to them until a page is open again."""
    _set(number, seen_at=0.0)


def assigned(number: int, now: float) -> None:
    """Take down that they got a customer."""
    _set(number, assigned_at=now)


def at_work(person: Person, now: float) -> bool:
    """Tell whether a customer can be given to a person now, however many they have."""
    ready = person.active and person.state == "online" and is_present(person, now)
    return ready and in_hours(person, now)


def is_present(person: Person, now: float) -> bool:
    """Tell whether a page of a person's is open."""
    return now - person.seen_at <= PRESENT_SECONDS


def in_hours(person: Person, now: float) -> bool:
    """Tell whether it is one of the person's working hours."""
    if person.hours is None:
        return schedule().is_open(now)
    # The shop's holidays are theirs too.
    own = ServiceHours(weekly=person.hours, holidays=settings().service_hours.holidays)
    return Schedule(own, settings().assistant.zone).is_open(now)


def has_administrator() -> bool:
    """Tell whether anybody may sign in who can add others."""
    with reading() as connection:
        return _administrators(connection) > 0


_FRESH: dict[str, Any] = {
    "active": True,
    "skills": "[]",
    "max_chats": 5,
    "state": "away",
    "state_at": 0.0,
    "seen_at": 0.0,
    "assigned_at": 0.0,
    "failures": 0,
    "locked_until": 0.0,
}


def _set(number: int, **values: Any) -> None:
    with writing() as connection:
        connection.execute(update(staff).where(staff.c.id == number).values(**values))


def _one(condition: Any) -> Person | None:
    with reading() as connection:
        row = connection.execute(select(COLUMNS).where(condition)).first()
    return None if row is None else from_row(row)


def _existing(number: int) -> Person:
    person = get(number)
    if person is None:
        raise StaffError(f"没有编号为 {number} 的人员")
    return person


def _locked(connection: Connection, number: int) -> Any:
    """Return a person's role and whether they are active, with all administrators locked.

    Else two of them could dismiss each other at the same moment.
    """
    matters = (staff.c.id == number) | (staff.c.role == "administrator")
    query = select([staff.c.id, staff.c.role, staff.c.active]).where(matters)
    rows = connection.execute(query.order_by(staff.c.id).with_for_update())
    found = [row for row in rows if row.id == number]
    if not found:
        raise StaffError(f"没有编号为 {number} 的人员")
    return found[0]


def _require_administrator(connection: Connection) -> None:
    if not _administrators(connection):
        raise StaffError("这是最后一位管理员：请先让另一个人成为管理员")


def _administrators(connection: Connection) -> int:
    can = (staff.c.role == "administrator") & staff.c.active
    return int(connection.execute(select([func.count()]).where(can)).scalar())


def _sign_out(connection: Connection, number: int) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.staff == number))
