"""How the desk names things: people, customers, channels, categories, days and hours."""

from __future__ import annotations

import time
from datetime import datetime
from functools import lru_cache
from threading import Lock

from sqlalchemy.engine import Engine

from kefu import marked_yaml
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.handoff.history import CUSTOMER
from kefu.knowledge.library import library
from kefu.settings import settings
from kefu.staff.names import name_of
from kefu.storage.engine import engine

_WEEKDAYS = "一二三四五六日"
_WECHAT = "kefu.channels.wechat.connector.WechatChannel"
_ACCOUNT_KINDS = {"miniprogram": "小程序", "official": "公众号"}
_NAMES_KEPT_SECONDS = 20.0
_MOST_NAMES = 1000


class _Names:
    """Nicknames by login, asked for again from time to time."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, str]] = {}
        self._lock = Lock()

    def of(self, login: str) -> str:
        known = self._known.get(login)
        if known is not None and time.monotonic() - known[0] < _NAMES_KEPT_SECONDS:
            return known[1]
        name = name_of(login)
        with self._lock:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            self._known[login] = (time.monotonic(), name)
        return name


@lru_cache(maxsize=1)
def _names(of: Engine) -> _Names:
    """Return the names that are known of the people in a database."""
    return _Names()


def person_name(login: str | None) -> str:
    """Return the nickname of a login, 人工客服 where nobody is named."""
    if login == CUSTOMER:
        return "顾客"
    return _names(engine()).of(login) if login else "人工客服"


def customer_name(conversation: str) -> str:
    """Return a short name that tells customers apart and says nothing about them."""
    return f"顾客 {conversation[:4].upper()}"


def channel_name(channel: str | None) -> str:
    """Return what agents call a channel."""
    if channel is None:
        return ""
    kind, _, account = channel.partition(":")
    if kind == "wechat":
        return _account_name(account)
    return {"rest": "App／网页"}.get(kind, channel)


def _account_name(account: str) -> str:
    """Return the kind of an account; with its name where there are several of the kind."""
    kinds = _account_kinds()
    kind = kinds.get(account)
    if kind is None:
        return f"微信 {account}".strip()
    alone = list(kinds.values()).count(kind) == 1
    return _ACCOUNT_KINDS[kind] if alone else f"{_ACCOUNT_KINDS[kind]} {account}"


@lru_cache(maxsize=1)
def _account_kinds() -> dict[str, str]:
    """Return the kinds of the WeChat accounts of credentials.yml, by name."""
    file = environment().home / "credentials.yml"
    data = marked_yaml.read(file).data if file.exists() else None
    section = data.get(_WECHAT) if isinstance(data, dict) else None
    accounts = section.get("accounts") if isinstance(section, dict) else None
    kinds = {
        str(name): str(options.get("kind"))
        for name, options in (accounts.items() if isinstance(accounts, dict) else ())
        if isinstance(options, dict)
    }
    return {name: kind for name, kind in kinds.items() if kind in _ACCOUNT_KINDS}


def category_title(category: str | None) -> str:
    """Return the title of a knowledge category, the id itself where it is unknown."""
    now = int(time.monotonic() / _NAMES_KEPT_SECONDS)
    return _titles(now).get(category, category) if category else ""


@lru_cache(maxsize=1)
def _titles(now: int) -> dict[str, str]:
    try:
        shelves = library(environment().home).shelves
        return {shelf.category.id: shelf.category.title for shelf in shelves}
    except FileProblems:
        return {}  # `kefu knowledge check` shows them; agents can do without titles


def clock(at: float) -> str:
    """Return hour and minute in the shop's time zone."""
    return _local(at).strftime("%H:%M")


def day(at: float) -> str:
    """Return a day with its weekday, such as 11月23日 周一."""
    local = _local(at)
    return f"{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]}"


def moment(at: float) -> str:
    """Return day, hour and minute, such as 11-23 14:05."""
    return _local(at).strftime("%m-%d %H:%M")


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, settings().assistant.zone)
