"""An account's server for tests: a real one that answers pushes as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request as it arrived.

    Attributes:
        method: GET or POST.
        query: Query parameters.
        headers: HTTP headers.
        body: The body.
    """

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.body)
        return fields


Reply = Callable[[Received], Awaitable[web.StreamResponse | bytes]]


class Receiver:
    """Keeps what arrives; `reply` decides the answer, `success` unless told otherwise."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.reply: Reply = self.success
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/push", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}/push"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        got = Received(
            request.method, dict(request.query), dict(request.headers), await request.read()
        )
        self.received.append(got)
        answer = await self.reply(got)
        return web.Response(body=answer) if isinstance(answer, bytes) else answer

    async def success(self, got: Received) -> bytes:
        if got.method == "GET":
            return got.query["echostr"].encode()
        return b"success"

    def always(self, body: bytes, status: int = 200) -> None:
        async def reply(got: Received) -> web.StreamResponse:
            return web.Response(body=body, status=status)

        self.reply = reply

    def silent_for(self, times: int) -> None:
        """Do not answer the next `times` pushes at all."""
        left = times

        async def reply(got: Received) -> bytes:
            nonlocal left
            left -= 1
            if left >= 0:
                await asyncio.Event().wait()
            return b"success"

        self.reply = reply
