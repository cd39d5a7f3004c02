"""The desk's page without a conversation, and its lists."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console import list_board
from kefu.console.guard import person_of, signed_in
from kefu.console.pages import render
from kefu.staff.people import Person


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/desk", _desk, methods=["GET"]),
        Route("/desk/here", _here, methods=["GET"]),
        Route("/desk/lists/{name}", _list, methods=["GET"]),
    ]


async def desk_page(request: Request, **opened: Any) -> Response:
    """Answer with the page, or, where a script asks, with what is beside the lists.

    Args:
        request: What is answered.
        opened: What `_opened.html` shows; nothing where no conversation is open.
    """
    person = person_of(request)
    context: dict[str, Any] = {"head": None, "lines": [], "earlier": None, **opened}
    if request.headers.get("HX-Request"):
        return render(request, "_opened.html", **context)
    lists = await asyncio.to_thread(_lists, person)
    titles = list_board.titles_for(person)
    return render(request, "desk.html", lists=lists, titles=titles, **context)


@signed_in
async def _desk(request: Request) -> Response:
    return await desk_page(request)


@signed_in
async def _here(request: Request) -> Response:
    """Tell a page that lost its connection that it may come back."""
    return JSONResponse({"person": person_of(request).login})


@signed_in
async def _list(request: Request) -> Response:
    name, person = request.path_params["name"], person_of(request)
    if name not in list_board.names_for(person):
        raise HTTPException(404)
    return HTMLResponse(await asyncio.to_thread(list_board.list_html, name, person))


def _lists(person: Person) -> dict[str, str]:
    return {name: list_board.list_html(name, person) for name in list_board.names_for(person)}
