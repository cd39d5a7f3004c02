"""A double that runs, and an account's server for it to push to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import uvicorn

from kefu.wechat_double.accounts import DoubleAccount, original_id
from kefu.wechat_double.app import create_app
from kefu.wechat_double.platform import Platform
from tests.wechat_double.receiver import Receiver

MINI, OFFICIAL, OTHER = "wx00000000000000a1", "wx00000000000000b2", "wx00000000000000c3"
SECRET = "secret-of-the-account"
TOKEN = "tokenofpushes"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OPENID = "o_customer_0001"
SEND = "cgi-bin/message/custom/send"


@dataclass
class Running:
    """A double under uvicorn, with shortcuts to its two APIs.

    Attributes:
        url: Its base URL.
        platform: Its state.
        http: A client.
        receiver: The accounts' server.
    """

    url: str
    platform: Platform
    http: aiohttp.ClientSession
    receiver: Receiver
    _tokens: dict[str, str] = field(default_factory=dict)

    async def control(
        self, path: str, body: dict[str, Any] | None = None, method: str | None = None
    ) -> dict[str, Any]:
        method = method or ("GET" if body is None else "POST")
        async with self.http.request(method, f"{self.url}/_control/{path}", json=body) as answer:
            read: dict[str, Any] = await answer.json()
            assert (answer.status == 400) == ("error" in read), read
            return read

    async def switch(self, **wanted: Any) -> None:
        answer = await self.control("switches", wanted)
        assert "error" not in answer, answer

    async def say(self, content: str = "在吗", appid: str = MINI, **more: Any) -> dict[str, Any]:
        body = {"appid": appid, "openid": OPENID, "type": "text", "content": content, "wait": True}
        return await self.control("say", {**body, **more})

    async def event(self, event: str, appid: str = MINI, **fields: Any) -> dict[str, Any]:
        body = {"appid": appid, "openid": OPENID, "event": event, "fields": fields, "wait": True}
        return await self.control("event", body)

    async def log(self, appid: str = MINI, **query: Any) -> dict[str, Any]:
        asked = "&".join(f"{k}={v}" for k, v in {"openid": OPENID, **query}.items())
        return await self.control(f"log?appid={appid}&{asked}")

    async def record(self, kind: str) -> list[dict[str, Any]]:
        return list((await self.control(f"record?kind={kind}"))[kind])

    async def advance(self, seconds: float) -> None:
        await self.control("clock", {"advance": seconds})

    async def token(self, appid: str = MINI) -> str:
        if appid not in self._tokens:
            body = {"grant_type": "client_credential", "appid": appid, "secret": SECRET}
            answer = await self.post("cgi-bin/stable_token", body)
            self._tokens[appid] = answer["access_token"]
        return self._tokens[appid]

    async def post(self, path: str, body: Any, token: str | None = None) -> dict[str, Any]:
        query = {"access_token": token} if token is not None else {}
        async with self.http.post(f"{self.url}/{path}", json=body, params=query) as answer:
            assert answer.status == 200
            read: dict[str, Any] = await answer.json()
            return read

    async def get(self, path: str, token: str | None = None, **query: str) -> dict[str, Any]:
        params = {**query, **({"access_token": token} if token is not None else {})}
        async with self.http.get(f"{self.url}/{path}", params=params) as answer:
            assert answer.status == 200
            read: dict[str, Any] = await answer.json()
            return read

    async def call(self, path: str, body: Any, appid: str = MINI) -> int:
        """Post with a good token and return the errcode."""
        return int((await self.post(path, body, await self.token(appid)))["errcode"])

    async def send(self, appid: str = MINI, kind: str = "text", **payload: Any) -> int:
        """Send a message and return the errcode."""
        payload = payload or {"content": "您好"}
        return await self.call(SEND, {"touser": OPENID, "msgtype": kind, kind: payload}, appid)


def account(appid: str, kind: str, push_url: str) -> DoubleAccount:
    """Return an account in plain mode, JSON for mini-programs and XML for the others."""
    return DoubleAccount(
        name=f"account_{appid[-2:]}",
        kind=kind,  # type: ignore[arg-type]
        appid=appid,
        secret=SECRET,
        token=TOKEN,
        aes_key=AES_KEY,
        mode="plain",
        format="json" if kind == "miniprogram" else "xml",
        push_url=push_url,
        original_id=original_id(appid),
    )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Run an account's server."""
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def double(receiver: Receiver) -> AsyncIterator[Running]:
    """Run the double for two mini-programs and an official account."""
    kinds = {MINI: "miniprogram", OFFICIAL: "official", OTHER: "miniprogram"}
    app = create_app([account(appid, kind, receiver.url) for appid, kind in kinds.items()])
    # With the protocol named, asyncio sends answers without waiting for more (TCP_NODELAY).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1)
        config.load()
        # Started by hand: serve() would look for the end of the test ten times a second.
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        limit = aiohttp.ClientTimeout(total=20)
        async with aiohttp.ClientSession(timeout=limit) as http:
            yield Running(url, app.state.platform, http, receiver)
        await server.shutdown(sockets=[listening])
