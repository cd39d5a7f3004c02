"""The settings in the browser: one page for each part, saved together, in force at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console import (
    responses,
    settings_history_pages,
    settings_picture,
    settings_preview,
    terms_page,
)
from kefu.console.forms import json_of
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.pages import render
from kefu.console.settings_form import (
    Typed,
    typed_from_form,
    values_in,
)
from kefu.console.settings_view import broken, may_change, shown
from kefu.errors import FileProblems, KefuError
from kefu.settings import settings
from kefu.settings_editing import saving
from kefu.settings_editing.checks import knowledge_base
from kefu.settings_editing.fields import Section
from kefu.settings_editing.saving import ChangedMeanwhile, Refused, Wanted
from kefu.settings_editing.sections import SECTIONS, section_of
from kefu.settings_editing.values import mark

PAGE = "/settings"
_LARGEST_FORM = 512 * 1024
_MOST_FOUND = 10
_CLASHED = "这一项刚才被别人改过，你填的没有保存。再点一次保存就用你填的。"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(PAGE, _first, methods=["GET"]),
        *settings_history_pages.routes(),
        *settings_picture.routes(),
        *terms_page.routes(),
        Route(f"{PAGE}/questions", _questions, methods=["GET"]),
        Route(f"{PAGE}/{{section}}", _page, methods=["GET"]),
        Route(f"{PAGE}/{{section}}", _save, methods=["POST"]),
        Route(f"{PAGE}/{{section}}/preview", _preview, methods=["POST"]),
    ]


@operators_only
async def _first(request: Request) -> Response:
    return responses.redirect(request, f"{PAGE}/{SECTIONS[0].key}")


@operators_only
async def _page(request: Request) -> Response:
    section = _section(request)
    return await asyncio.to_thread(shown, request, section)


@operators_only
@max_body(_LARGEST_FORM)
async def _save(request: Request) -> Response:
    section, form = _section(request), await request.form()
    return await asyncio.to_thread(_saved, request, section, form)


@operators_only
@max_body(_LARGEST_FORM)
async def _preview(request: Request) -> Response:
    section, form = _section(request), await request.form()
    typed = typed_from_form(section, form)
    return render(request, "_settings_preview.html", said=settings_preview.shown(section, typed))


@operators_only
async def _questions(request: Request) -> Response:
    query = request.query_params.get("q", "").strip()[:100]
    tasks = "entries" not in request.query_params
    return JSONResponse(await asyncio.to_thread(_found, query, tasks))


def _found(query: str, with_tasks: bool) -> list[str]:
    known = knowledge_base()
    if known is None:
        return []
    tasks = [*sorted(known.tasks), *settings().terms.keywords[:1]] if with_tasks else []
    questions = (question for shelf in known.shelves for question in shelf.questions)
    found = [text for text in (*tasks, *questions) if query.lower() in text.lower()]
    return sorted(found, key=lambda text: not text.startswith(query))[:_MOST_FOUND]


def _saved(request: Request, section: Section, form: FormData) -> Response:
    person = person_of(request)
    mine = replace(section, fields=tuple(f for f in section.fields if may_change(person, f)))
    typed, marks = typed_from_form(mine, form), _marks(form)
    known = knowledge_base() if section.names_questions else None
    values, problems = values_in(mine, typed, known)
    wanted = {p: Wanted(value, marks.get(p, mark(None))) for p, value in values.items()}
    try:
        if problems:
            raise Refused(problems)
        change = saving.save(wanted, person.login, time.time())
    except Refused as refused:
        return shown(request, section, typed=typed, marks=marks, problems=refused.problems)
    except ChangedMeanwhile as clash:
        return _clashed(request, section, typed, marks, clash.now)
    except FileProblems as error:
        return broken(request, section, error)
    except KefuError as error:
        return shown(request, section, typed=typed, marks=marks, problems={"": str(error)})
    done = "saved" if change else "same"
    return responses.redirect(request, f"{PAGE}/{section.key}?done={done}")


def _clashed(
    request: Request, section: Section, typed: Typed, marks: dict[str, str], now: dict[str, Any]
) -> Response:
    """Show what others made of the same settings; saved once more, the own values win."""
    marks = {**marks, **{path: mark(value) for path, value in now.items()}}
    problems = dict.fromkeys(now, _CLASHED)
    return shown(request, section, typed=typed, marks=marks, problems=problems, theirs=now)


def _section(request: Request) -> Section:
    section = section_of(request.path_params["section"])
    if section is None:
        raise HTTPException(404)
    return section


def _marks(form: FormData) -> dict[str, str]:
    given = json_of(str(form.get("marks") or ""))
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
