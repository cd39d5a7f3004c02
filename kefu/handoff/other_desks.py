"""Whose customers the people of another desk take over: accounts with `desk: wechat`.

Between the request for a person and the moment in which WeChat's desk gets the customer,
such a handoff waits like any other, and nobody here may be given it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from kefu import marked_yaml
from kefu.environment import environment
from kefu.storage.engine import reading
from kefu.storage.tables import conversations

_SECTION = "kefu.channels.wechat.connector.WechatChannel"
_PREFIX = "wechat:"


def channels_of_other_desks() -> frozenset[str]:
    """Return the channels whose customers our own people never get."""
    return _read(environment().home / "credentials.yml")


def of_other_desks(among: Iterable[str]) -> set[str]:
    """Return those of the conversations that our own people never get."""
    channels, ids = channels_of_other_desks(), list(among)
    if not channels or not ids:
        return set()
    query = select(conversations.c.id).where(
        conversations.c.id.in_(ids), conversations.c.channel.in_(channels)
    )
    with reading() as connection:
        return set(connection.execute(query).scalars())


@lru_cache(maxsize=4)
def _read(file: Path) -> frozenset[str]:
    data = marked_yaml.read(file).data if file.exists() else None
    section = data.get(_SECTION) if isinstance(data, dict) else None
    accounts = section.get("accounts") if isinstance(section, dict) else None
    given = accounts.items() if isinstance(accounts, dict) else ()
    return frozenset(
        f"{_PREFIX}{name}"
        for name, options in given
        if isinstance(options, dict) and options.get("desk") == "wechat"
    )
