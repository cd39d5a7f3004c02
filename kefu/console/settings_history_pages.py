"""Who changed which setting, and taking it back."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.guard import operators_only, person_of
from kefu.console.pages import render
from kefu.console.settings_form import question_of
from kefu.errors import KefuError
from kefu.knowledge.library import Library
from kefu.settings_editing import history, saving
from kefu.settings_editing.checks import knowledge_base
from kefu.settings_editing.history import Change
from kefu.settings_editing.saving import ChangedMeanwhile
from kefu.settings_editing.sections import SECTIONS, field_of, title_of
from kefu.staff import people
from kefu.staff.person import Person

PAGE = "/settings/history"
_ON_A_PAGE = 30
_CHANGED_SINCE = "没有撤销：「{titles}」在那之后又改过。请到对应的页面直接改。"
_NO_RIGHT = "没有撤销：其中有只有管理员能改的设置。"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(PAGE, _page, methods=["GET"]),
        Route(f"{PAGE}/{{change}}/undo", _undo, methods=["POST"]),
    ]


def in_words(path: str, value: Any, known: Library | None = None) -> str:
    """Return a value as people read it."""
    field = field_of(path)
    if value is None:
        return "（没有）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return f"{value['welcome']}\n{'、'.join(value['hot_questions']) or '（没有热门问题）'}"
    if path == "service_hours.holidays":
        return (
            "\n".join(f"{d['date']} {' '.join(d['hours']) or '休息'}" for d in value) or "（没有）"
        )
    if field is not None and field.kind == "choice":
        return dict(field.choices).get(value, str(value))
    if field is not None and field.kind == "entries" and known is not None:
        value = [question_of(label, known) for label in value]
    if isinstance(value, list):
        return "、".join(map(str, value)) or (
            "休息" if field and field.kind == "day" else "（没有）"
        )
    unit = f" {field.unit}" if field and field.unit else ""
    return f"{value}{unit}" if value != "" else "（空）"


@operators_only
async def _page(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
async def _undo(request: Request) -> Response:
    return await asyncio.to_thread(_undone, request)


def _undone(request: Request) -> Response:
    person, wanted = person_of(request), request.path_params["change"]
    change = next((c for c in history.all_changes() if c.id == wanted), None)
    if change is None:
        raise HTTPException(404)
    if not _may_undo(person, change):
        return _shown(request, _NO_RIGHT, 403)
    try:
        saving.undo(change, person.login, time.time())
    except ChangedMeanwhile as clash:
        titles = "、".join(map(title_of, clash.now))
        return _shown(request, _CHANGED_SINCE.format(titles=titles), 409)
    except KefuError as error:
        return _shown(request, f"没有撤销：{error}", 422)
    return responses.redirect(request, f"{PAGE}?{urlencode({'done': 'undone'})}")


def _shown(request: Request, error: str = "", status: int = 200) -> Response:
    changes, person = history.all_changes(), person_of(request)
    page = _page_number(request, len(changes))
    first = (page - 1) * _ON_A_PAGE
    shown = changes[first : first + _ON_A_PAGE]
    known = knowledge_base() if any(map(_names_entries, shown)) else None
    return render(
        request,
        "settings_history.html",
        status,
        sections=SECTIONS,
        changes=shown,
        names={one.login: one.nickname for one in people.everybody()},
        may={change.id: _may_undo(person, change) for change in shown},
        in_words=lambda path, value: in_words(path, value, known),
        title_of=title_of,
        error=error,
        done=request.query_params.get("done", "") if not error else "",
        page=page,
        more=len(changes) > first + _ON_A_PAGE,
    )


def _names_entries(change: Change) -> bool:
    fields = (field_of(difference.path) for difference in change.settings)
    return any(field is not None and field.kind == "entries" for field in fields)


def _page_number(request: Request, count: int) -> int:
    given = request.query_params.get("page", "")
    number = int(given) if given.isdecimal() and len(given) < 6 else 1
    return max(1, min(number, -(-count // _ON_A_PAGE)))


def _may_undo(person: Person, change: Change) -> bool:
    if person.is_administrator:
        return True
    fields = (field_of(difference.path) for difference in change.settings)
    return not any(field and field.guarded for field in fields)
