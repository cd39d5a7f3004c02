"""What may stand in a person's fields, and how it is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from kefu.settings import ServiceHours
from kefu.staff.person import ROLES, STATES, StaffError

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_SKILL = re.compile(r"[a-z0-9_]{1,40}")
_MOST_CHATS = 50
_LONGEST_NICKNAME = 20
_MOST_SKILLS = 20


def login_of(typed: str) -> str | None:
    """Return the login that somebody typed, in small letters; None when nobody can have it."""
    small = typed.strip().lower()
    return small if _LOGIN.fullmatch(small) else None


def checked_login(login: str) -> str:
    """Return a login in small letters. Raises StaffError."""
    small = login_of(login)
    if small is None:
        raise StaffError("登录名应为 2 至 40 个字母、数字、点、横线或下划线，以字母或数字开头")
    return small


def checked_state(state: str) -> str:
    """Return a state that exists. Raises StaffError."""
    if state not in STATES:
        raise StaffError(f"没有「{state}」这个状态，请选 {'、'.join(STATES.values())}")
    return state


def stored(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as the columns of the database hold them. Raises StaffError."""
    unknown = sorted(set(fields) - set(_CHECKS))
    if unknown:
        raise StaffError(f"人员没有「{unknown[0]}」这一项")
    return {name: _CHECKS[name](value) for name, value in fields.items()}


def _nickname(value: Any) -> str:
    text = " ".join(str(value).split())
    if not 1 <= len(text) <= _LONGEST_NICKNAME or not text.isprintable():
        raise StaffError(f"昵称应为 1 至 {_LONGEST_NICKNAME} 个字")
    return text


def _role(value: Any) -> str:
    if value not in ROLES:
        raise StaffError(f"没有「{value}」这个角色，请用 {'、'.join(ROLES)}")
    return str(value)


def _skills(value: Any) -> str:
    skills = list(dict.fromkeys(value))
    if len(skills) > _MOST_SKILLS or not all(_SKILL.fullmatch(skill) for skill in skills):
        raise StaffError(f"技能应为知识库分类的名称，至多 {_MOST_SKILLS} 个")
    return json.dumps(skills)


def _hours(value: Any) -> str | None:
    if value is None:
        return None
    try:
        weekly = ServiceHours(weekly=value).weekly
    except ValidationError as error:
        raise StaffError(f"工作时间：{error.errors()[0]['msg']}") from None
    text = json.dumps({day: list(spans) for day, spans in weekly.items() if spans})
    if len(text) > 2000:
        raise StaffError("工作时间的时间段太多，请合并一些")
    return text


def _max_chats(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= _MOST_CHATS:
        raise StaffError(f"同时接待的人数应为 1 至 {_MOST_CHATS}")
    return number


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "nickname": _nickname,
    "role": _role,
    "skills": _skills,
    "hours": _hours,
    "max_chats": _max_chats,
    "active": bool,
}
