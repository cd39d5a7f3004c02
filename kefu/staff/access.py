"""The access log: who looked at or changed what. It never names a customer."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from kefu.storage.engine import reading, writing
from kefu.storage.tables import access_log

ACTIONS = {
    "sign_in": "登录",
    "sign_in_failed": "登录失败",
    "sign_out": "退出登录",
    "password": "修改密码",
    "staff_add": "添加人员",
    "staff_change": "修改人员",
    "view_conversation": "查看会话",
    "view_panel": "查看顾客资料",
    "view_media": "查看图片",
    "view_access_log": "查看访问记录",
    "resend": "重新发送消息",
    "restore_backup": "恢复备份",
    "download_backup": "下载备份",
}
_LONGEST_DETAIL = 200


@dataclass(frozen=True)
class Entry:
    """One line of the log. `at` is in UTC seconds."""

    id: int
    at: float
    staff: int | None
    login: str
    action: str
    conversation: str | None
    detail: str | None
    address: str


def note(
    login: str,
    action: str,
    *,
    staff: int | None = None,
    conversation: str | None = None,
    detail: str | None = None,
    address: str = "",
    now: float | None = None,
) -> None:
    """Write a line.

    Args:
        login: Who did it, or who somebody said to be.
        action: One of ACTIONS.
        staff: Number of the person, where there is one.
        conversation: The conversation that was looked at.
        detail: What was changed; nothing of a customer's.
        address: Network address that it was done from.
        now: Time of it.
    """
    values = {
        "at": time.time() if now is None else now,
        "staff": staff,
        "login": login[:40],
        "action": action,
        "conversation": conversation,
        "detail": detail[:_LONGEST_DETAIL] if detail else None,
        "address": address[:64],
    }
    with writing() as connection:
        connection.execute(insert(access_log).values(**values))


def entries(
    limit: int = 100,
    before: int | None = None,
    *,
    login: str = "",
    action: str = "",
) -> list[Entry]:
    """Return lines, the newest first.

    Args:
        limit: How many at most.
        before: Only lines with a smaller number than this.
        login: Only what this person did.
        action: Only this action.
    """
    query = select(access_log.c).order_by(access_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(access_log.c.id < before)
    if login:
        query = query.where(access_log.c.login == login)
    if action:
        query = query.where(access_log.c.action == action)
    with reading() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def failures_from(address: str, since: float) -> int:
    """Count the failed attempts to sign in from an address."""
    failed = (access_log.c.action == "sign_in_failed") & (access_log.c.address == address)
    query = select([func.count()]).where(failed, access_log.c.at > since)
    with reading() as connection:
        return int(connection.execute(query).scalar())
