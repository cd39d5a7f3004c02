"""One conversation at the desk: what was said, what stands over it, what is missing of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console import conversation_acts, desk_transcript, responses, viewing
from kefu.console.desk_lines import Line
from kefu.console.desk_pages import desk_page
from kefu.console.desk_transcript import Scope
from kefu.console.desk_views import colleagues, head_of
from kefu.console.guard import address_of, person_of, signed_in
from kefu.console.newsroom import rendered
from kefu.console.opened import MOST, opened
from kefu.console.pages import fragment, render
from kefu.console.rights import readable_until
from kefu.console.viewing import View
from kefu.handoff.records import Handoff
from kefu.staff.people import Person

_NOT_OPENED = {403: "这位顾客由其他客服接待", 404: "没有这个会话"}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/desk/{number:int}", _page, methods=["GET"]),
        Route("/desk/{number:int}/earlier", _earlier, methods=["GET"]),
        Route("/desk/{number:int}/since", _since, methods=["GET"]),
        Route("/desk/{number:int}/head", _head, methods=["GET"]),
        Route("/desk/{number:int}/people", _people, methods=["GET"]),
        *conversation_acts.routes(),
    ]


@signed_in
async def _page(request: Request) -> Response:
    person = person_of(request)
    try:
        handoff = await opened(request)
    except HTTPException as error:
        # Somebody was faster: the list that led here was a moment old.
        return responses.refused(request, error.status_code, _NOT_OPENED.get(error.status_code, ""))
    now = time.time()
    await asyncio.to_thread(viewing.opened, _view(request, handoff), now)
    page = await asyncio.to_thread(desk_transcript.newest, _scope(person, handoff))
    head = await asyncio.to_thread(head_of, handoff, person, now)
    return await desk_page(request, head=head, lines=page.lines, earlier=page.earlier)


@signed_in
async def _earlier(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    before = _number(request, "before")
    await asyncio.to_thread(viewing.read_on, _view(request, handoff), time.time())
    page = await asyncio.to_thread(desk_transcript.before, _scope(person, handoff), before)
    return JSONResponse({"lines": _shown(page.lines), "earlier": page.earlier})


@signed_in
async def _since(request: Request) -> Response:
    """Answer with what a page may have missed while it had no connection."""
    handoff, person = await opened(request), person_of(request)
    after = _number(request, "after")
    await asyncio.to_thread(viewing.read_on, _view(request, handoff), time.time())
    lines = await asyncio.to_thread(desk_transcript.recent, _scope(person, handoff), after)
    head = await asyncio.to_thread(head_of, handoff, person, time.time())
    return JSONResponse({"lines": _shown(lines), "head": fragment("_head.html", head=head)})


@signed_in
async def _head(request: Request) -> Response:
    handoff = await opened(request)
    head = await asyncio.to_thread(head_of, handoff, person_of(request), time.time())
    return HTMLResponse(fragment("_head.html", head=head))


@signed_in
async def _people(request: Request) -> Response:
    handoff, person = await opened(request), person_of(request)
    found = await asyncio.to_thread(colleagues, person, handoff, time.time())
    return render(request, "_people.html", colleagues=found)


def _view(request: Request, handoff: Handoff) -> View:
    return View(person_of(request), handoff.id, handoff.conversation, address_of(request))


def _scope(person: Person, handoff: Handoff) -> Scope:
    return Scope(handoff.conversation, handoff.id, readable_until(person, handoff))


def _shown(lines: Iterable[Line]) -> list[dict[str, str]]:
    return [{"key": line.key, "html": rendered(line)} for line in lines]


def _number(request: Request, name: str) -> int:
    """Return a message's id from the query. Raises HTTPException."""
    given = request.query_params.get(name, "")
    if not given.isdecimal() or len(given) > 10 or int(given) > MOST:
        raise HTTPException(400)
    return int(given)
