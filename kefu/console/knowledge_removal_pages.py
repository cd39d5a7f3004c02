"""Removing an entry: first what points to it is shown, and afterwards it can be taken back."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.knowledge_entry_view import entry_form
from kefu.console.knowledge_files import needs_files
from kefu.console.knowledge_form import MAX_FORM, Given
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge import editing
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EntryGone
from kefu.knowledge.editing import open_entry
from kefu.knowledge.library import library

_PAGE = "/knowledge/entries/{category}/{id}/delete"
_CHANGED = "这个条目刚刚被别人改过，没有删除：请看过新的内容再决定"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _ask, methods=["GET"]),
        Route(_PAGE, _remove, methods=["POST"]),
    ]


@operators_only
@needs_files
async def _ask(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
@max_body(MAX_FORM)
@needs_files
async def _remove(request: Request) -> Response:
    sent = await fields(request)
    return await asyncio.to_thread(_removed, request, sent.get("version", ""))


def _shown(request: Request, error: str = "", status: int = 200) -> Response:
    known, label = library(environment().home), _label(request)
    entry = known.entry(label)
    if entry is None:
        return responses.redirect(request, f"/knowledge/entries/{label}")
    content = Content.of(entry)
    pressers = [known.entry(one) for one in dict.fromkeys(known.pressers(content.question))]
    return render(
        request, "knowledge_delete.html", status, error=error, version=content.version,
        form=entry_form(known, label, Given(content, content)),
        pressers=[one for one in pressers if one is not None and one.label != label],
    )  # fmt: skip


def _removed(request: Request, version: str) -> Response:
    home, label = environment().home, _label(request)
    try:
        draft = open_entry(home, label)
        if draft.version != version:
            return _shown(request, _CHANGED, 409)
        saved = editing.remove(
            home, draft, person_of(request).login, time.time(),
            with_buttons=True, with_category=True,
        )  # fmt: skip
    except EntryGone:
        return responses.redirect(request, f"/knowledge/entries/{label}")
    except KefuError as error:
        return _shown(request, str(error), 422)
    return responses.redirect(request, f"/knowledge/history?did={saved.change}")


def _label(request: Request) -> str:
    return f"{request.path_params['category']}/{request.path_params['id']}"
