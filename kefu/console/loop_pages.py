"""The weekly loop in the browser: what was not understood, and what to do about it."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import loop_acts, loop_effects, loop_mixups, loop_new_entry
from kefu.console.guard import operators_only
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.knowledge_lookup import find
from kefu.console.loop_cards import choice, title_of
from kefu.console.loop_lists import asked_of, card_of, group_of, shown
from kefu.console.loop_period import NAMES
from kefu.console.pages import render
from kefu.loop import acts

PAGE = "/unrecognised"
_SHOWN_OF_SEARCH = 6
_LONGEST_QUERY = 100


def routes() -> list[BaseRoute]:
    """Return the routes of the weekly loop but those of the reviewer's sample."""
    return [
        Route(PAGE, _page, methods=["GET"]),
        Route(f"{PAGE}/news", _news, methods=["GET"]),
        Route(f"{PAGE}/group", _group, methods=["GET"]),
        Route(f"{PAGE}/entries", _entries, methods=["GET"]),
        *loop_acts.routes(),
        *loop_new_entry.routes(),
        *loop_mixups.routes(),
        *loop_effects.routes(),
    ]


@operators_only
@needs_files
async def _page(request: Request) -> Response:
    asked = asked_of(request.query_params, time.time())
    found = await asyncio.to_thread(shown, asked)
    name = "_loop_list.html" if request.headers.get("HX-Request") else "loop.html"
    done = request.query_params.get("done", "")
    act = await asyncio.to_thread(acts.find, done) if done else None
    title = title_of(await the_library(), act.label) if act else ""
    return render(
        request, name, asked=asked, shown=found, periods=NAMES, act=act, title=title, problem="",
        undone=act is not None and bool(act.undone_by),
    )  # fmt: skip


@operators_only
@needs_files
async def _news(request: Request) -> Response:
    """Answer whether there are other questions by now than those that the page shows."""
    asked = asked_of(request.query_params, time.time())
    found = await asyncio.to_thread(shown, asked)
    known = request.query_params.get("known", "")
    return render(request, "_loop_news.html", asked=asked, shown=found, known=known)


@operators_only
@needs_files
async def _group(request: Request) -> Response:
    """Answer with one group, for those whose entries were looked for after the page."""
    asked = asked_of(request.query_params, time.time())
    group = await asyncio.to_thread(group_of, asked, request.query_params.get("group", ""))
    if group is None:
        return await loop_acts.gone(request, asked, request.query_params.get("group", ""))
    shown_card = await asyncio.to_thread(card_of, group)
    return render(request, "_loop_card.html", asked=asked, card=shown_card)


@operators_only
@needs_files
async def _entries(request: Request) -> Response:
    """Answer with the entries that a search finds, to choose one of."""
    query = request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST_QUERY]
    known = await the_library()
    hits = await asyncio.to_thread(find, known, query) if query else []
    found = [choice(known, entry.label) for entry in hits[:_SHOWN_OF_SEARCH]]
    field = "right" if request.query_params.get("name") == "right" else "label"
    return render(request, "_loop_entries.html", query=query, found=found, field=field)
