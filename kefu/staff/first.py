"""The first administrator: somebody has to be able to sign in and add the others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from kefu.staff import access, passwords, people
from kefu.staff.person import ROLES, Person

LOGIN = "admin"
BY_COMMAND = "命令行"


@dataclass(frozen=True)
class NewPerson:
    """A person who was added, and the password that has to be changed at the first sign-in."""

    person: Person
    password: str


def make_first_administrator(now: float) -> NewPerson | None:
    """Add an administrator when there is none who may sign in; None when there is."""
    if people.has_administrator():
        return None
    return add(_free_login(), "管理员", "administrator", now)


def add(login: str, nickname: str, role: str, now: float) -> NewPerson:
    """Add a person from the terminal, with a one-time password. Raises StaffError."""
    password = passwords.one_time()
    person = people.add(login, nickname, role, password, now, must_change=True)
    access.note(BY_COMMAND, "staff_add", detail=f"{person.login}：{ROLES[person.role]}", now=now)
    return NewPerson(person, password)


def _free_login() -> str:
    names = (LOGIN if number == 1 else f"{LOGIN}{number}" for number in count(1))
    return next(name for name in names if people.by_login(name) is None)
