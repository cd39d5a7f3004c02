"""The history of the knowledge base: who changed what, and taking it back."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.guard import operators_only, person_of
from kefu.console.knowledge_files import needs_files
from kefu.console.knowledge_history_view import changes_of, shown_changes
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge.history import Change
from kefu.knowledge.library import library
from kefu.knowledge.undoing import undo

_PAGE = "/knowledge/history"
_A_PAGE = 25
_LONGEST_LABEL = 100


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _history, methods=["GET"]),
        Route(f"{_PAGE}/{{change}}/undo", _undo, methods=["POST"]),
    ]


@operators_only
@needs_files
async def _history(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
@needs_files
async def _undo(request: Request) -> Response:
    return await asyncio.to_thread(_undone, request, request.path_params["change"])


def _shown(request: Request, status: int = 200, error: str = "", refused: str = "") -> Response:
    home, asked = environment().home, request.query_params
    label = asked.get("label", "").replace("\0", "")[:_LONGEST_LABEL]
    known, every = library(home), changes_of(home, label)
    page = asked.get("page", "")
    start = (int(page) - 1) * _A_PAGE if page.isdecimal() and 0 < len(page) < 6 else 0
    start = max(0, start)
    entry = known.entry(label)
    asked_for = _found(refused, every)
    again = shown_changes(known, [asked_for])[0].entries if asked_for else ()
    return render(
        request, "knowledge_history.html", status,
        label=label, question=entry.question.text if entry else label,
        is_there=entry is not None, did=_found(asked.get("did", ""), every),
        changes=shown_changes(known, every[start : start + _A_PAGE]),
        newer=_address(label, start // _A_PAGE) if start else "",
        older=_address(label, start // _A_PAGE + 2) if len(every) > start + _A_PAGE else "",
        error=error, refused=refused,
        again=[one for one in again if one.is_there and one.fields],
    )  # fmt: skip


def _undone(request: Request, change: str) -> Response:
    try:
        saved = undo(environment().home, change, person_of(request).login, time.time())
    except FileProblems:
        raise
    except KefuError as error:
        return _shown(request, 409, str(error), change)
    if saved.entry is not None and not saved.also:
        return responses.redirect(request, f"/knowledge/entries/{saved.label}?saved={saved.change}")
    return responses.redirect(request, f"{_PAGE}?did={saved.change}")


def _found(change: str, every: list[Change]) -> Change | None:
    """Return the change of an id, None where there is none."""
    return next((one for one in every if change and one.id == change), None)


def _address(label: str, page: int) -> str:
    asked = {"label": label, "page": page if page > 1 else ""}
    kept = {name: value for name, value in asked.items() if value}
    return f"{_PAGE}?{urlencode(kept)}" if kept else _PAGE
