"""Taking out the knowledge base as a spreadsheet, and empty ones to fill in."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.guard import operators_only
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge import sheet_writing
from kefu.knowledge.library import library
from kefu.knowledge.model import Category
from kefu.settings import settings

_PAGE = "/knowledge/sheets"
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(f"{_PAGE}/export", _export, methods=["GET"]),
        Route(f"{_PAGE}/form", _form, methods=["GET"]),
    ]


@operators_only
async def _export(request: Request) -> Response:
    asked = request.query_params
    kind = asked.get("format", "xlsx")
    return await asyncio.to_thread(
        _exported, request, kind if kind in _TYPES else "xlsx", asked.get("category", "")
    )


@operators_only
async def _form(request: Request) -> Response:
    return await asyncio.to_thread(_empty_form)


def _exported(request: Request, kind: str, category: str) -> Response:
    categories, broken = readable_categories()
    if broken:
        # The page says what is wrong with the files.
        return responses.redirect(request, _PAGE)
    chosen = [one for one in categories if category in ("", one.id)]
    if not chosen and category:
        raise HTTPException(404)
    title = chosen[0].title if category else "全部"
    today = datetime.fromtimestamp(time.time(), settings().assistant.zone)
    content = sheet_writing.exported(Path(f"sheet.{kind}"), chosen)
    return _file(content, kind, f"知识库-{title}-{today:%Y%m%d}.{kind}")


def _empty_form() -> Response:
    categories, _ = readable_categories()
    return _file(sheet_writing.empty_form(categories), "xlsx", "知识库空表.xlsx")


def _file(content: bytes, kind: str, name: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=_TYPES[kind], headers={"Content-Disposition": disposition})


def readable_categories() -> tuple[tuple[Category, ...], tuple[str, ...]]:
    """Return the categories; where a file cannot be read, none and what is wrong."""
    try:
        found = library(environment().home)
    except FileProblems as error:
        return (), tuple(f"{p.file.name} 第 {p.line} 行：{p.text}" for p in error.problems)
    return tuple(shelf.category for shelf in found.shelves), ()
