"""What operators call what the database has as names of programs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.handoff.views import REASONS
from kefu.insight.questions import OTHER, TASK
from kefu.knowledge.library import library
from kefu.knowledge.model import FOLDER

_TASKS = {
    "query_order_status": "查订单",
    "query_logistics": "查物流",
    "query_refund_status": "查退款进度",
    "request_refund": "申请售后",
    "query_points": "查积分",
    "query_membership": "查会员",
    "show_terms": "看服务条款",
}
_GROUPS = {TASK: "查询和办理", OTHER: "其他"}
ENDINGS = {
    "answered": "直接回答",
    "picked": "给了选项，顾客点选",
    "not_picked": "给了选项，没有点选",
    "not_recognised": "没听懂",
    "failed": "系统故障",
}


def reason_name(reason: str) -> str:
    """Return why a person was called, in words."""
    return REASONS.get(reason, reason)


def channel_name(channel: str) -> str:
    """Return what operators call a channel."""
    kind, _, account = channel.partition(":")
    if kind == "wechat":
        return f"微信 {account}".strip()
    return {"rest": "App／网页", "": "未知"}.get(kind, channel)


def category_name(category: str) -> str:
    """Return the title of a knowledge category or of a group of `questions.group_of`."""
    known = _GROUPS.get(category)
    return known or _known()[0].get(category, category)


def question_name(label: str) -> str:
    """Return the standard question of an entry, the name of a task, or the label itself."""
    known = _TASKS.get(label)
    return known or _known()[1].get(label, label)


def category_titles() -> dict[str, str]:
    """Return the titles of the knowledge base's categories; none while it is being mended."""
    return _known()[0]


def is_known(label: str) -> bool:
    """Tell whether the knowledge base has an entry of this label."""
    return label in _known()[1]


def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Return the titles of categories and of entries as the files have them now."""
    home = environment().home
    files = sorted((home / FOLDER).glob("*.yml"))
    return _titles(home, tuple((file.name, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _titles(
    home: Path, _as_of: tuple[tuple[str, int], ...]
) -> tuple[dict[str, str], dict[str, str]]:
    try:
        shelves = library(home).shelves
    except FileProblems:
        return {}, {}  # `kefu knowledge check` shows them; figures can do without titles
    return (
        {shelf.category.id: shelf.category.title for shelf in shelves},
        {label: e.question.text for shelf in shelves for label, e in shelf.entries.items()},
    )
