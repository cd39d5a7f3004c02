"""Signing in: the password is right, and nobody is trying passwords one after another."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, select, update

from kefu.errors import KefuError
from kefu.staff import access, checks, passwords, people
from kefu.staff.person import Person
from kefu.storage.engine import reading, writing
from kefu.storage.tables import staff

FAILURES = 5
LOCKED_SECONDS = 900.0
# An office may share one address; whoever tries passwords needs many more.
FAILURES_OF_ADDRESS = 50
# One text for all: a stranger must not learn which logins there are, nor that one is locked.
WRONG = (
    "登录名或密码不正确。连续输错 5 次会锁定 15 分钟，锁定期间密码正确也不能登录；"
    "忘记密码请找管理员重设。"
)
WRONG_PASSWORD = "现在的密码不正确。连续输错 5 次会锁定 15 分钟，之后请重新登录。"
TOO_OFTEN = "这个网络地址的登录尝试太多，请 15 分钟后再试。"
# What is logged for a login that nobody has: people type passwords into the wrong field.
UNKNOWN = "（未知）"


class SignInRefused(KefuError):
    """Raised when somebody cannot sign in; the text is for them."""


def sign_in(login: str, password: str, now: float, address: str) -> Person:
    """Return who signs in. Success and failure are written to the access log.

    Args:
        login: What was typed as the login.
        password: What was typed as the password.
        now: Time of this.
        address: Network address that they sign in from.

    Raises:
        SignInRefused: The login or the password is wrong, or there were too many attempts.
    """
    row = _verified(login, password, now, address)
    access.note(row.login, "sign_in", staff=row.id, address=address, now=now)
    person = people.get(row.id)
    assert person is not None  # nobody is ever deleted
    return person


def confirm(person: Person, password: str, now: float, address: str) -> None:
    """Make sure that a person who is signed in knows their password; attempts count as above.

    Raises:
        SignInRefused: It is wrong, or there were too many attempts.
    """
    try:
        _verified(person.login, password, now, address)
    except SignInRefused as refusal:
        raise SignInRefused(str(refusal).replace(WRONG, WRONG_PASSWORD)) from None


def _verified(login: str, password: str, now: float, address: str) -> Any:
    """Return the row of whoever has this login and password. Raises SignInRefused."""
    if access.failures_from(address, now - LOCKED_SECONDS) >= FAILURES_OF_ADDRESS:
        raise SignInRefused(TOO_OFTEN)
    row = _row(login)
    may_try = row is not None and _count_attempt(row.id, now)
    # Strangers wait as long as people do, whatever is wrong.
    right = passwords.matches(password[: passwords.LONGEST], row.password_hash if row else None)
    if row is None or not (may_try and right):
        _note_failure(row, now, address)
        raise SignInRefused(WRONG)
    _forget_failures(row, password, now)
    return row


def _row(login: str) -> Any:
    wanted = checks.login_of(login)
    if wanted is None:
        return None
    query = select([staff.c.id, staff.c.login, staff.c.password_hash])
    with reading() as connection:
        found = (staff.c.login == wanted) & staff.c.active
        return connection.execute(query.where(found)).first()


def _count_attempt(number: int, now: float) -> bool:
    """Count an attempt as failed before it is looked at; tell whether it may be made.

    Counted afterwards, many attempts at the same moment would all be looked at.
    """
    was_last = staff.c.failures + 1 >= FAILURES
    counted = (
        update(staff)
        .where(staff.c.id == number, staff.c.locked_until <= now)
        .values(
            failures=case((was_last, 0), else_=staff.c.failures + 1),
            locked_until=case((was_last, now + LOCKED_SECONDS), else_=0.0),
        )
    )
    with writing() as connection:
        return bool(connection.execute(counted).rowcount)


def _forget_failures(row: Any, password: str, now: float) -> None:
    values: dict[str, Any] = {"failures": 0, "locked_until": 0.0, "signed_in_at": now}
    if passwords.is_outdated(row.password_hash):
        values["password_hash"] = passwords.hashed(password)
    # The password may have been changed, or its owner dismissed, since it was read.
    same = (staff.c.password_hash == row.password_hash) & staff.c.active
    mine = update(staff).where(staff.c.id == row.id, same).values(**values)
    with writing() as connection:
        if not connection.execute(mine).rowcount:
            raise SignInRefused(WRONG)


def _note_failure(row: Any, now: float, address: str) -> None:
    login, number = (row.login, row.id) if row else (UNKNOWN, None)
    access.note(login, "sign_in_failed", staff=number, address=address, now=now)
