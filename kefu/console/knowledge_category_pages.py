"""The categories of the knowledge base: what they are called, and how much is in them."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import operators_only, person_of
from kefu.console.knowledge_faults import faults
from kefu.console.knowledge_files import needs_files
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge import editing
from kefu.knowledge.library import library

_PAGE = "/knowledge/categories"
LONGEST_TITLE = 20
_NO_TITLE = f"分类的名称应为 1 至 {LONGEST_TITLE} 个字"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _list, methods=["GET"]),
        Route(f"{_PAGE}/{{category}}", _rename, methods=["POST"]),
    ]


@operators_only
@needs_files
async def _list(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
@needs_files
async def _rename(request: Request) -> Response:
    given = await fields(request)
    return await asyncio.to_thread(_renamed, request, given.get("title", "").strip())


def _shown(
    request: Request, error: str = "", category: str = "", title: str = "", status: int = 200
) -> Response:
    known = library(environment().home)
    wrong = [label.split("/", 1)[0] for label in faults(known)]
    rows = [
        (
            shelf.category.id,
            shelf.category.title,
            len(shelf.entries),
            wrong.count(shelf.category.id),
        )
        for shelf in known.shelves
    ]
    return render(
        request, "knowledge_categories.html", status, rows=rows, error=error,
        wrong=category, typed=title, longest=LONGEST_TITLE,
        renamed=request.query_params.get("renamed", ""),
    )  # fmt: skip


def _renamed(request: Request, title: str) -> Response:
    category = request.path_params["category"]
    if not title or len(title) > LONGEST_TITLE:
        return _shown(request, _NO_TITLE, category, title, 422)
    try:
        editing.rename(environment().home, category, title, person_of(request).login, time.time())
    except FileProblems:
        raise
    except KefuError as error:
        return _shown(request, str(error), category, title, 422)
    return responses.redirect(request, f"{_PAGE}?renamed={category}")
