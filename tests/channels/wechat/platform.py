"""WeChat for tests of the channel: its pushes, and the double as a running server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
import yaml
from sqlalchemy import select, text
from sqlalchemy.engine import Row
from starlette.types import ASGIApp

from kefu.channels.wechat.accounts import Account
from kefu.environment import environment
from kefu.settings import settings
from kefu.storage import tables
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading, writing
from kefu.wechat_double import envelope
from kefu.wechat_double.accounts import DoubleAccount, Format, original_id
from kefu.wechat_double.app import create_app
from kefu.wechat_double.platform import Platform
from tests.channels.scripted import until
from tests.handoff.moments import NOON

PROJECT = Path(__file__).resolve().parents[3]
OPENID = "o_customer_0001"
SEND = "cgi-bin/message/custom/send"
MINI_APPID, OFFICIAL_APPID = "wx00000000000000a1", "wx00000000000000b2"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def mini(url: str = "http://127.0.0.1:9", **changes: Any) -> Account:
    """Return a mini-program whose API is at `url`."""
    return _account("mini", "miniprogram", MINI_APPID, url, changes)


def official(url: str = "http://127.0.0.1:9", **changes: Any) -> Account:
    """Return an official account whose API is at `url`."""
    return _account("official", "official", OFFICIAL_APPID, url, {"msgmenu": True, **changes})


def _account(name: str, kind: str, appid: str, url: str, changes: dict[str, Any]) -> Account:
    usual: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "appid": appid,
        "secret": "secret-of-the-account",
        "token": "tokenofpushes",
        "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "api_url": url,
    }
    return Account(**{**usual, **changes})


def conversation(account: Account, openid: str = OPENID) -> str:
    """Return the id of a customer's conversation."""
    return pseudonym(account.channel, openid)


def played(account: Account, push_url: str = "") -> DoubleAccount:
    """Return an account as the double knows it."""
    usual: Format = "json" if account.kind == "miniprogram" else "xml"
    return DoubleAccount(
        name=account.name,
        kind=account.kind,
        appid=account.appid,
        secret=account.secret,
        token=account.token,
        aes_key=account.aes_key,
        mode=account.mode,
        format=usual if account.format == "auto" else account.format,
        push_url=push_url,
        original_id=original_id(account.appid),
    )


def pushed(
    account: Account, now: float = NOON, openid: str = OPENID, **fields: Any
) -> tuple[dict[str, str], bytes]:
    """Return query and body of a push as WeChat makes them; a new signature each time."""
    envelope_fields = {
        "ToUserName": original_id(account.appid),
        "FromUserName": openid,
        "CreateTime": int(now),
    }
    address = played(account, "http://127.0.0.1/wechat")
    made = envelope.seal(address, {**envelope_fields, **fields}, now, openid or None)
    return dict(made.url.query), made.body


def said(content: str = "怎么开发票", number: int = 1, **more: Any) -> dict[str, Any]:
    """Return the fields of a text."""
    msg_id = 24_000_000_000_000_000 + number
    return {"MsgType": "text", "Content": content, "MsgId": msg_id, **more}


def event(name: str, **more: Any) -> dict[str, Any]:
    """Return the fields of an event."""
    return {"MsgType": "event", "Event": name, **more}


def rows(table: Any) -> list[Row]:
    """Return all rows of a table, oldest first."""
    key = next(iter(table.primary_key.columns))
    with reading() as connection:
        return list(connection.execute(select(table).order_by(key)))


def of_customers() -> list[tuple[str, str]]:
    """Return text and state of all that customers said."""
    return [(r.body, r.state) for r in rows(tables.messages) if r.author == "customer"]


@contextmanager
def database_away(table: str) -> Iterator[None]:
    """Take a table away, so that whatever uses it fails."""
    rename_table(table, f"{table}_away")
    yield
    rename_table(f"{table}_away", table)


def rename_table(old: str, new: str) -> None:
    """Give a table another name."""
    with writing() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def change_settings(monkeypatch: pytest.MonkeyPatch, home: Path, **sections: Any) -> None:
    """Use the project's settings with changes."""
    given = yaml.safe_load((PROJECT / "settings.yml").read_text("utf-8"))
    for name, changes in sections.items():
        given[name] = {**given.get(name, {}), **changes}
    home.mkdir()
    (home / "settings.yml").write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    settings.cache_clear()


@dataclass
class Double:
    """The double while it runs.

    Attributes:
        url: Base URL of its API.
        platform: Its state.
        http: A client.
    """

    url: str
    platform: Platform
    http: aiohttp.ClientSession

    async def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.url}/_control/{path}", json=body) as answer:
            read: dict[str, Any] = await answer.json()
            assert answer.status == 200, read
            return read

    async def say(self, account: Account, content: str = "在吗", **more: Any) -> dict[str, Any]:
        """Let the customer say something, and wait until it is delivered."""
        who = {"appid": account.appid, "openid": OPENID}
        return await self.control(
            "say", {**who, "type": "text", "content": content, "wait": True, **more}
        )

    async def event(self, account: Account, name: str, **fields: Any) -> dict[str, Any]:
        """Let an event happen, and wait until it is delivered."""
        who = {"appid": account.appid, "openid": OPENID}
        return await self.control("event", {**who, "event": name, "fields": fields, "wait": True})

    def switch(self, **wanted: Any) -> None:
        self.platform.switches.change(wanted)
        self.platform.faults.reseed()

    def sends(self, openid: str = OPENID) -> list[tuple[str, int]]:
        """Return content and errcode of all that was sent to a customer."""
        return [
            (send["content"], send["errcode"])
            for send in self.platform.record.sends
            if send["openid"] == openid
        ]

    def calls(self, path: str) -> dict[int, int]:
        """Return how often a path was called, by errcode."""
        return {
            call["errcode"]: call["count"]
            for call in self.platform.record.shown("calls")
            if call["path"] == path
        }

    def chat(self, account: Account, author: str = "account") -> list[Any]:
        """Return what stands in the customer's chat."""
        customer = self.platform.customers.get(account.appid, OPENID)
        return [entry for entry in customer.chat.since(0)[0] if entry.author == author]


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on this machine; give its base URL."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await until(lambda: server.started or serving.done())
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def double(*accounts: Account, port: int = 0, push_to: str = "") -> AsyncIterator[Double]:
    """Run the double; it pushes to `push_to`, or to its own desk alone."""
    known = [played(a, f"{push_to}/wechat/{a.name}" if push_to else "") for a in accounts]
    app = create_app(known)
    async with served(app, port) as url, aiohttp.ClientSession(trust_env=False) as http:
        yield Double(url, app.state.platform, http)


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
