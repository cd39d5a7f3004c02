"""What people read in their chat, and what another system reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kefu.alerts.course import Kind, News
from kefu.settings import settings

# What the robot of WeCom takes of one message.
LONGEST_BYTES = 4096
_TITLES = {Kind.BEGUN: "新告警", Kind.REMINDED: "还没有恢复", Kind.OVER: "已恢复"}
_COLOURS = {Kind.BEGUN: "warning", Kind.REMINDED: "warning", Kind.OVER: "info"}
_ROOM_FOR_MORE = 60


def message(news: Sequence[News], now: float) -> dict[str, Any]:
    """Return what is posted, in the format of the settings."""
    if settings().alerts.format == "json":
        return _as_json(news, now)
    return _wecom([_line(one, now) for one in news])


def trial() -> dict[str, Any]:
    """Return the message of `kefu alerts test`."""
    text = "这是一条测试通知：收到它，说明告警能发到这里。"
    if settings().alerts.format == "json":
        return {"shop": settings().assistant.shop_name, "test": True, "text": text, "alerts": []}
    return _wecom([f"> {text}"])


def lasted(seconds: float) -> str:
    """Return a duration as people say it."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{max(minutes, 1)} 分钟"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} 小时 {minutes} 分钟" if hours < 24 else f"{hours // 24} 天 {hours % 24} 小时"


def _wecom(lines: list[str]) -> dict[str, Any]:
    url = settings().alerts.public_url
    head = f"**{settings().assistant.shop_name} · 客服助手**"
    foot = f"[查看服务状态]({url}/state)" if url else ""
    left = LONGEST_BYTES - len(f"{head}\n\n{foot}".encode()) - _ROOM_FOR_MORE
    shown: list[str] = []
    for line in lines:
        left -= len(f"{line}\n".encode())
        if left < 0:
            shown.append(f"> 还有 {len(lines) - len(shown)} 项，请看服务状态")
            break
        shown.append(line)
    content = "\n".join([head, *shown, *([foot] if foot else [])])
    return {"msgtype": "markdown", "markdown": {"content": content}}


def _line(news: News, now: float) -> str:
    title, colour = _TITLES[news.kind], _COLOURS[news.kind]
    return f'> <font color="{colour}">{title}</font> {_plain(news.alert.text)}{_since(news, now)}'


def _since(news: News, now: float) -> str:
    if news.kind is Kind.BEGUN:
        return ""
    end = news.alert.calm_since or now
    return f"（持续了 {lasted(end - news.alert.begun_at)}）"


def _plain(text: str) -> str:
    """Return a text without what would be markup."""
    return " ".join(text.translate(str.maketrans("<>[]*`", "＜＞【】＊'")).split())


def _as_json(news: Sequence[News], now: float) -> dict[str, Any]:
    url = settings().alerts.public_url
    return {
        "shop": settings().assistant.shop_name,
        "test": False,
        "at": now,
        "url": f"{url}/state" if url else "",
        "alerts": [
            {
                "name": one.alert.name,
                "status": one.kind.value,
                "text": one.alert.text,
                "begun_at": one.alert.begun_at,
                "ended_at": one.alert.calm_since if one.kind is Kind.OVER else None,
            }
            for one in news
        ],
    }
