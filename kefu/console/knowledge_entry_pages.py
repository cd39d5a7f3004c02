"""One entry in the browser: opened, checked while one types, saved; and a new one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import knowledge_new_pages, knowledge_removal_pages, responses
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.knowledge_entry_view import entry_form, nothing_known
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.knowledge_form import MAX_FORM, Given, given
from kefu.console.knowledge_history_view import changes_of, named, told
from kefu.console.knowledge_lookup import find
from kefu.console.knowledge_past import as_it_was, moved_to
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge import editing
from kefu.knowledge.content import FIELDS, Content
from kefu.knowledge.edit_errors import EntryConflict, EntryGone
from kefu.knowledge.history import Change
from kefu.knowledge.library import Library, library

_ENTRY = "/knowledge/entries/{category}/{id}"
_SUGGESTED = 8
_CHANGES = 3
_INCOMPLETE = "页面不完整，没有保存：请刷新页面再改"
_CHOOSE = "有别人也改过的地方，请先选好用哪一边的"
_MOVED = "这个条目刚刚被移到了「{}」，你填写的还在：再点一次保存，就存到那边"


def routes() -> list[BaseRoute]:
    """Return the routes of entries."""
    return [
        Route("/knowledge/check", _check, methods=["POST"]),
        Route("/knowledge/questions", _questions, methods=["GET"]),
        *knowledge_new_pages.routes(),
        Route(_ENTRY, _open, methods=["GET"]),
        Route(_ENTRY, _save, methods=["POST"]),
        *knowledge_removal_pages.routes(),
    ]


@operators_only
@needs_files
async def _open(request: Request) -> Response:
    return await asyncio.to_thread(_opened, request)


@operators_only
@needs_files
@max_body(MAX_FORM)
async def _save(request: Request) -> Response:
    return await asyncio.to_thread(_saved, request, await given(request))


@operators_only
@max_body(MAX_FORM)
@needs_files
async def _check(request: Request) -> Response:
    """Answer with the parts of the page that tell what is wrong; htmx puts each in its place."""
    sent, known = await given(request), await the_library()
    named = str((await request.form()).get("label") or "")
    label = named if known.entry(named) is not None else ""
    form = await asyncio.to_thread(entry_form, known, label, sent, strict=bool(label))
    return render(request, "_knowledge_checked.html", form=form)


@operators_only
@needs_files
async def _questions(request: Request) -> Response:
    """Answer with what a button may say, for the list under its field."""
    typed = request.query_params.get("buttons", "").replace("\0", "").strip()
    known = await the_library()
    found = await asyncio.to_thread(find, known, typed) if typed else []
    tasks = [title for title in sorted(known.tasks) if not typed or typed in title]
    texts = [*tasks, *(entry.question.text for entry in found[:_SUGGESTED])]
    return render(request, "_knowledge_questions.html", texts=texts)


def _opened(request: Request) -> Response:
    home, label = environment().home, _label(request)
    known, changes = library(home), changes_of(home, label)
    entry = known.entry(label)
    if entry is None:
        return _not_there(request, known, label, changes)
    base = Content.of(entry)
    content = as_it_was(base, label, request.query_params.get("from", ""), changes)
    return _page(
        request, known, label, Given(content, base), changes,
        saved=_just_saved(request, changes), restored=content != base,
        kept=_field_names(request.query_params.get("kept", "")),
    )  # fmt: skip


def _saved(request: Request, sent: Given) -> Response:
    home, label = environment().home, _label(request)
    if sent.base is None:
        return _again(request, label, sent, _INCOMPLETE)
    if sent.unchosen:
        return _again(request, label, sent, _CHOOSE)
    try:
        saved = editing.save(home, sent.draft(label), person_of(request).login, time.time())
    except EntryConflict as error:
        fields = tuple(conflict.field for conflict in error.fields)
        both = replace(sent, content=error.merged, base=error.theirs, conflicts=fields, choices=())
        return _again(request, label, both, str(error), 409)
    except EntryGone as error:
        return _gone(request, label, sent, error)
    except KefuError as error:
        return _again(request, label, sent, str(error))
    asked = {"saved": saved.change or "same", "kept": ",".join(saved.from_theirs)}
    query = urlencode({name: value for name, value in asked.items() if value})
    return responses.redirect(request, f"/knowledge/entries/{saved.label}?{query}")


def _gone(request: Request, label: str, sent: Given, error: EntryGone) -> Response:
    """Keep the form of an entry that was moved or removed, so that it can be saved elsewhere."""
    home = environment().home
    known = library(home)
    there = moved_to(home, label)
    if known.entry(there) is not None:
        category = known.category(there.split("/", 1)[0])
        title = category.title if category else there
        elsewhere = replace(sent, category=there.split("/", 1)[0])
        return _again(request, there, elsewhere, _MOVED.format(title), 409)
    new = replace(sent, base=None, conflicts=(), choices=())
    text = f"{error}。你填写的还在：可以存为新条目"
    return knowledge_new_pages.page(request, known, new, text, 409)


def _again(request: Request, label: str, sent: Given, text: str, status: int = 422) -> Response:
    """Show the form again as it was filled in, with what is wrong."""
    home = environment().home
    try:
        known, changes = library(home), changes_of(home, label)
    except FileProblems as error:
        text = f"知识库文件有误，没有保存：{error.problems[0].text}"
        known, changes = nothing_known(), []
    return _page(request, known, label, sent, changes, status, error=text)


def _page(
    request: Request,
    known: Library,
    label: str,
    shown: Given,
    changes: list[Change],
    status: int = 200,
    **more: Any,
) -> Response:
    authors = named(changes)
    form = entry_form(known, label, shown, authors)
    messages = {"error": "", "saved": None, "kept": (), "restored": False, **more}
    return render(
        request, "knowledge_entry.html", status,
        form=form, changes=[(*one, told(one[0], label)) for one in authors[:_CHANGES]], **messages,
    )  # fmt: skip


def _not_there(request: Request, known: Library, label: str, changes: list[Change]) -> Response:
    there = moved_to(environment().home, label)
    if known.entry(there) is not None:
        return responses.redirect(request, f"/knowledge/entries/{there}")
    last = next((one for one in changes if any(e.label == label for e in one.entries)), None)
    return render(request, "knowledge_gone.html", 404, change=last)


def _just_saved(request: Request, changes: list[Change]) -> dict[str, Any] | None:
    """Return what a save that led here did; None when none did."""
    asked = request.query_params.get("saved", "")
    if asked == "same":
        return {"change": None, "also": 0}
    made = next((change for change in changes if change.id == asked), None)
    if made is None:
        return None
    also = sum(1 for entry in made.entries if entry.before and entry.after) - 1
    return {"change": made, "also": max(0, also if made.kind == "edit" else also + 1)}


def _field_names(given: str) -> list[str]:
    return [FIELDS[field] for field in given.split(",") if field in FIELDS]


def _label(request: Request) -> str:
    return f"{request.path_params['category']}/{request.path_params['id']}"
