"""What is done with a group of the list by one click, and taken back by another."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import all_of, fields
from kefu.console.guard import Handler, operators_only, person_of
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.loop_cards import Card, title_of
from kefu.console.loop_lists import Asked, asked_of, card_of, group_of
from kefu.console.loop_sent import as_sent, checked, refused
from kefu.console.pages import moment, render
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.edit_errors import EntryRefused
from kefu.knowledge.library import library
from kefu.loop import acts, doing
from kefu.loop.acts import Act
from kefu.loop.groups import Group
from kefu.loop.settling import with_phrasings
from kefu.staff.names import name_of

GroupHandler = Callable[[Request, dict[str, str], Asked, Group], Awaitable[Response]]

_PAGE = "/unrecognised"
_GONE = "这组已经不在列表里：可能刚刚处理过，或者不在这个时段。没有改动任何东西"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(f"{_PAGE}/add", _add, methods=["POST"]),
        Route(f"{_PAGE}/dismiss", _dismiss, methods=["POST"]),
        Route(f"{_PAGE}/undo", _undo, methods=["POST"]),
    ]


def with_group(handler: GroupHandler) -> Handler:
    """Give a handler the fields, and the group that they name; answer where it is settled."""

    @operators_only
    @needs_files
    @functools.wraps(handler)
    async def answered(request: Request) -> Response:
        is_form = request.method == "POST"
        given = await fields(request) if is_form else dict(request.query_params)
        asked = asked_of(given, time.time())
        group = await asyncio.to_thread(group_of, asked, given.get("group", ""))
        if group is None or group.settled:
            return await gone(request, asked, given.get("group", ""))
        return await handler(request, given, asked, group)

    return answered


@with_group
async def _add(request: Request, given: dict[str, str], asked: Asked, group: Group) -> Response:
    use, take = await all_of(request, "use"), await all_of(request, "take")
    sent = await asyncio.to_thread(_sent, group, given, use, take)
    if sent.problem:
        return card_answer(request, asked, sent, 422)
    by = person_of(request).login
    result = await asyncio.to_thread(_added, sent, by)
    if isinstance(result, Card):
        return card_answer(request, asked, result, 422)
    return await done(request, asked, result)


@with_group
async def _dismiss(request: Request, given: dict[str, str], asked: Asked, group: Group) -> Response:
    by = person_of(request).login
    act = await asyncio.to_thread(doing.put_away, group, by, time.time())
    return await done(request, asked, act)


@operators_only
@needs_files
async def _undo(request: Request) -> Response:
    given = await fields(request)
    asked = asked_of(given, time.time())
    by, home = person_of(request).login, environment().home
    try:
        act = await asyncio.to_thread(doing.undo, home, given.get("act", ""), by, time.time())
    except KefuError as error:
        found = await asyncio.to_thread(acts.find, given.get("act", ""))
        return await done(request, asked, found, problem=str(error), status=409)
    if given.get("where") == "list":
        group = await asyncio.to_thread(group_of, asked, act.group)
        if group is not None:
            return card_answer(request, asked, await asyncio.to_thread(card_of, group))
    return await done(request, asked, act, undone=True)


def card_answer(request: Request, asked: Asked, card: Card, status: int = 200) -> Response:
    """Answer with a group's form: in its place in the list, or on a page of its own."""
    name = "_loop_card.html" if request.headers.get("HX-Request") else "loop_one.html"
    return render(request, name, status, asked=asked, card=card)


async def done(
    request: Request, asked: Asked, act: Act | None, status: int = 200, **how: Any
) -> Response:
    """Answer with what was done, and the way back."""
    if act is not None and not request.headers.get("HX-Request") and status == 200:
        return responses.redirect(request, f"{asked.url}&done={act.id}")
    name = "_loop_done.html" if request.headers.get("HX-Request") else "loop_one.html"
    told = {"problem": "", "undone": False, **how}
    title = title_of(await the_library(), act.label) if act else ""
    return render(request, name, status, asked=asked, act=act, card=None, title=title, **told)


async def gone(request: Request, asked: Asked, group: str) -> Response:
    """Answer that nothing was done: somebody else was faster; who, where it is known."""
    last = await asyncio.to_thread(acts.last_of, group) if group else None
    if last is None:
        return await done(request, asked, None, 409, problem=_GONE)
    who = await asyncio.to_thread(name_of, last.by)
    title = title_of(await the_library(), last.label)
    target = f"，加到了「{title}」" if last.label else ""
    told = f"{who} 在 {moment(last.at)} 已经处理了这组（{last.title}{target}），没有再改动"
    return await done(request, asked, last, 409, problem=told)


def _sent(group: Group, given: dict[str, str], use: Sequence[str], take: Sequence[str]) -> Card:
    known = library(environment().home)
    return checked(as_sent(card_of(group), known, given, use, take))


def _added(sent: Card, by: str) -> Act | Card:
    """Do what a form asks for; where that is refused, return it with the reasons."""
    home, chosen = environment().home, [one for one in sent.wordings if one.chosen]
    texts = [one.text for one in chosen]
    taken = [one.text for one in chosen if one.take]
    try:
        return doing.add_phrasings(home, sent.label, texts, by, time.time(), sent.group, taken)
    except EntryRefused as error:
        similar = with_phrasings(home, sent.label, texts).entry.similar
        return refused(sent, library(home), error.problems, similar)
    except KefuError as error:
        return replace(sent, problem=str(error))
