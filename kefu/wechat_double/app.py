"""The double as a web application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from kefu.wechat_double import control, platform_api
from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.platform import Platform

STATIC = Path(__file__).parent / "static"


class Double(Starlette):
    """The application; it can also hang up on a caller."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "http":
            scope[platform_api.HANG_UP] = lambda: _hang_up(send)
        await super().__call__(scope, receive, send)


def create_app(
    accounts: Sequence[DoubleAccount], clock: Callable[[], float] = time.time
) -> Starlette:
    """Build the double for some accounts; its state is `app.state.platform`."""
    platform = Platform(accounts, clock)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(platform.keep_sweeping())
        yield
        sweeping.cancel()
        await platform.pusher.close()

    static = StaticFiles(directory=STATIC, check_dir=False)
    pages: list[BaseRoute] = [
        Route("/", _page("phone.html")),
        Route("/switches", _page("switches.html")),
        Route("/health", _health),
        Mount("/_phone/static", static),
    ]
    # Looked through in order at every request: the busy ones first.
    busy = [Mount("/_control", routes=control.routes(platform)), *platform_api.routes(platform)]
    app = Double(routes=[*busy, *pages], lifespan=lifespan)
    app.state.platform = platform
    return app


def _page(name: str) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        file = STATIC / name
        if not file.is_file():
            return PlainTextResponse("没有这个页面", 404)
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return page


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _hang_up(send: Send) -> None:
    # ASGI has no word for dropping a connection: uvicorn's sender knows its transport.
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise ConnectionAbortedError("dropping a connection needs uvicorn")
    cycle.transport.abort()
