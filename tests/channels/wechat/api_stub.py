"""A server in the place of WeChat's API: it answers as told and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from kefu.channels.wechat.accounts import Account

TOKEN_PATH = "cgi-bin/stable_token"
SECRET = "the-secret-of-the-account"
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """One request as it reached the server."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stub:
    """What the server answers and was asked.

    `answers` holds for each path what comes next: a dict is sent as JSON, anything else
    is called. When they are used up, the answer is errcode 0. `seconds` is how
    long WeChat takes to make a token.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, deque[dict[str, Any] | Behaviour]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    token_number: int = 1
    expires_in: int = 7200
    seconds: float = 0.0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        """Return the access token that is valid now."""
        return f"access-token-{self.token_number}"

    def next(self, path: str, *answers: dict[str, Any] | Behaviour) -> None:
        """Say what the next calls of a path get."""
        self.answers[path].extend(answers)

    def asked(self, path: str) -> list[Call]:
        """Return the calls of a path."""
        return [call for call in self.calls if call.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record one request and answer it."""
        path, headers = request.path.lstrip("/"), dict(request.headers)
        body = await request.read()
        self.calls.append(Call(request.method, path, dict(request.query), headers, body))
        if self.answers[path]:
            answer = self.answers[path].popleft()
            return web.json_response(answer) if isinstance(answer, dict) else await answer(request)
        if path == TOKEN_PATH:
            await asyncio.sleep(self.seconds)
            return web.json_response(self._new_token(self.calls[-1].json))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def hang(self, request: web.Request) -> web.StreamResponse:
        """Give no answer for as long as the server runs."""
        await self.ending.wait()
        return web.Response()

    def _new_token(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["secret"] != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if body["force_refresh"]:
            self.token_number += 1
        return {"access_token": self.token, "expires_in": self.expires_in}


async def cut(request: web.Request) -> web.StreamResponse:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def break_off(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of the answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"errcode": 0')
    assert request.transport is not None
    request.transport.close()
    return response


def sends(body: bytes, content_type: str = "text/html", status: int = 200, **headers: str) -> Any:
    """Return a behaviour that sends these bytes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(
            body=body, status=status, headers={"Content-Type": content_type, **named}
        )

    return answer


def drips(block: bytes, times: int) -> Any:
    """Return a behaviour that sends a body of a length that it does not announce."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(times):
            await response.write(block)
        return response

    return answer


@asynccontextmanager
async def serving() -> AsyncIterator[Stub]:
    """Run the server on a free port of this machine."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    # Its own log would hold the addresses, which the tests look for in all logs.
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stub
    finally:
        stub.ending.set()
        await runner.cleanup()


def account(url: str, **changes: Any) -> Account:
    """Return an account whose API is at `url`."""
    usual: dict[str, Any] = {
        "name": "mini",
        "kind": "miniprogram",
        "appid": "wx0123456789abcdef",
        "secret": SECRET,
        "token": "push-token",
        "aes_key": "A" * 43,
        "api_url": url,
    }
    return Account(**{**usual, **changes})
