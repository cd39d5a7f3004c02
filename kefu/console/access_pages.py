"""The access log, for administrators; whoever reads it stands in it too."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.forms import plain
from kefu.console.guard import address_of, administrators_only, person_of
from kefu.console.pages import render
from kefu.staff import access, people

PAGE = 100


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/access-log", _log, methods=["GET"])]


@administrators_only
async def _log(request: Request) -> Response:
    return await run_in_threadpool(_shown, request)


def _shown(request: Request) -> Response:
    asked = request.query_params
    login, action = plain(asked.get("login", "")), plain(asked.get("action", ""))
    before = asked.get("before", "")
    # A number too large for the database's integers names no line.
    start = int(before) if before.isdecimal() and len(before) < 10 else None
    if start is None:
        mine = person_of(request)
        access.note(mine.login, "view_access_log", staff=mine.id, address=address_of(request))
    found = access.entries(PAGE + 1, start, login=login, action=action)
    return render(
        request, "access_log.html", entries=found[:PAGE], actions=access.ACTIONS, login=login,
        action=action, logins=[person.login for person in people.everybody()],
        older=found[PAGE - 1].id if len(found) > PAGE else None, start=start,
    )  # fmt: skip
