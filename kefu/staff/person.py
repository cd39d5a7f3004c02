"""One of the people at the desk, as the database knows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from kefu.errors import KefuError
from kefu.storage.tables import staff

Role = Literal["agent", "operator", "administrator"]
State = Literal["online", "busy", "away"]
Hours = dict[str, tuple[str, ...]]

ROLES: dict[Role, str] = {"agent": "客服", "operator": "运营", "administrator": "管理员"}
STATES: dict[State, str] = {"online": "在线", "busy": "忙碌", "away": "离开"}

# Everything but the password and the picture, which few need and none should see by chance.
COLUMNS = tuple(c for c in staff.c if c.name not in ("password_hash", "picture", "failures"))


class StaffError(KefuError):
    """Raised when something about the staff cannot be done; the text says why."""


@dataclass(frozen=True)
class Person:
    """Who signs in to the console. Times are UTC seconds.

    Attributes:
        id: Number of the row.
        login: What they sign in with.
        nickname: What customers read.
        role: What they may do.
        must_change: Whether the password has to be changed before anything else.
        active: Whether they may sign in.
        skills: Ids of the knowledge base's categories; empty for all of them.
        hours: Their weekly hours; None for the service hours.
        max_chats: How many customers they serve at once.
        state: What they chose to be: online, busy, away.
        state_at: When they chose it.
        seen_at: When a page of theirs was open last.
        assigned_at: When they got a customer last.
        has_picture: Whether there is a picture of them.
        locked_until: Until when they cannot sign in after wrong passwords.
        signed_in_at: When they signed in last.
    """

    id: int
    login: str
    nickname: str
    role: Role
    must_change: bool
    active: bool
    skills: tuple[str, ...]
    hours: Hours | None
    max_chats: int
    state: State
    state_at: float
    seen_at: float
    assigned_at: float
    has_picture: bool
    locked_until: float
    signed_in_at: float | None

    @property
    def is_operator(self) -> bool:
        """Tell whether they see what all agents do."""
        return self.role in ("operator", "administrator")

    @property
    def is_administrator(self) -> bool:
        """Tell whether they decide who works here."""
        return self.role == "administrator"


def from_row(row: Any) -> Person:
    """Make a person of a row with COLUMNS."""
    return Person(
        id=row.id,
        login=row.login,
        nickname=row.nickname,
        role=row.role,
        must_change=row.must_change,
        active=row.active,
        skills=tuple(json.loads(row.skills)),
        hours=_hours(row.hours),
        max_chats=row.max_chats,
        state=row.state,
        state_at=row.state_at,
        seen_at=row.seen_at,
        assigned_at=row.assigned_at,
        has_picture=row.picture_type is not None,
        locked_until=row.locked_until,
        signed_in_at=row.signed_in_at,
    )


def _hours(stored: str | None) -> Hours | None:
    if stored is None:
        return None
    return {day: tuple(spans) for day, spans in json.loads(stored).items()}
