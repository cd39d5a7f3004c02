"""The console as a web application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from kefu.alerts.duty import keep_watching
from kefu.backup.duty import keep_backing_up
from kefu.console import (
    access_pages,
    backup_pages,
    conversation_pages,
    desk_pages,
    duties,
    events,
    figures_pages,
    helpdesk_routes,
    job_pages,
    knowledge_pages,
    loop_pages,
    media_pages,
    panel,
    profile,
    publishing_pages,
    quick_replies,
    responses,
    review_pages,
    settings_pages,
    sheet_pages,
    signing_in,
    staff_pages,
    state_pages,
)
from kefu.console.edge import Headers, LastResort
from kefu.console.guard import Guard
from kefu.console.knowledge_ready import keep_ready
from kefu.console.live import Hub
from kefu.console.pages import STATIC
from kefu.helpdesk.duty import HelpdeskDuty

_THREADS = 16
_FOR_GOOD = "public, max-age=31536000, immutable"


def create_app(with_duties: bool = True) -> Starlette:
    """Return the application; `app.state.hub` tells the open pages what is new.

    Args:
        with_duties: Whether it makes the rounds of the desk while it runs.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # Every request waits for the database; two cores would give six threads.
        threads = ThreadPoolExecutor(_THREADS, "console")
        asyncio.get_running_loop().set_default_executor(threads)
        await app.state.hub.open()
        working = [asyncio.create_task(duty) for duty in _duties()] if with_duties else []
        yield
        for task in working:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await app.state.hub.close()

    app = Starlette(
        routes=[*_own_routes(), *_routes()],
        lifespan=lifespan,
        # From the outside to the inside.
        middleware=[Middleware(Headers), Middleware(LastResort), Middleware(Guard)],
        exception_handlers={HTTPException: _http_error, FormParserError: _unreadable},
    )
    # It would send the browser to an address made of the Host header.
    app.router.redirect_slashes = False
    app.state.hub = Hub()
    return app


class _Static(StaticFiles):
    """Static files; those asked for by version never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        response = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = _FOR_GOOD if versioned else "no-cache"
        return response


def _own_routes() -> list[BaseRoute]:
    return [
        Route("/", _home),
        Route("/health", _health),
        Mount("/static", _Static(directory=STATIC)),
    ]


def _routes() -> list[BaseRoute]:
    modules: tuple[Callable[[], list[BaseRoute]], ...] = (
        events.routes,
        desk_pages.routes,
        conversation_pages.routes,
        panel.routes,
        media_pages.routes,
        quick_replies.routes,
        signing_in.routes,
        profile.routes,
        staff_pages.routes,
        access_pages.routes,
        helpdesk_routes.routes,
        knowledge_pages.routes,
        sheet_pages.routes,
        backup_pages.routes,
        job_pages.routes,
        publishing_pages.routes,
        figures_pages.routes,
        loop_pages.routes,
        review_pages.routes,
        settings_pages.routes,
        state_pages.routes,
    )
    return [route for module in modules for route in module()]


def _duties() -> list[Coroutine[Any, Any, None]]:
    return [
        duties.keep_looking(),
        HelpdeskDuty().run(),
        keep_backing_up(),
        keep_watching(),
        keep_ready(),
    ]


async def _home(request: Request) -> Response:
    return RedirectResponse("/desk", 303)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _unreadable(request: Request, error: Exception) -> Response:
    return responses.refused(request, 400)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = responses.refused(request, error.status_code)
    response.headers.update(error.headers or {})
    return response
