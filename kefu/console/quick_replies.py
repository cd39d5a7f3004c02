"""Quick replies: the page where they are written, and the menu beside the composer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console.forms import fields
from kefu.console.guard import person_of, signed_in
from kefu.console.opened import MOST
from kefu.console.pages import render
from kefu.staff import sentences
from kefu.staff.person import Person
from kefu.staff.sentences import Sentence, SentenceProblem

_PAGE = "/quick-replies"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(_PAGE, _add, methods=["POST"]),
        Route(f"{_PAGE}/menu", _menu, methods=["GET"]),
        Route(f"{_PAGE}/{{number:int}}", _change, methods=["POST"]),
        Route(f"{_PAGE}/{{number:int}}/delete", _delete, methods=["POST"]),
    ]


@signed_in
async def _page(request: Request) -> Response:
    editing = request.query_params.get("edit", "")
    is_number = editing.isdecimal() and len(editing) < 10
    return await _shown(request, editing=int(editing) if is_number else 0)


@signed_in
async def _menu(request: Request) -> Response:
    person = person_of(request)
    query = request.query_params.get("q")
    wanted = (query or "").strip()
    known = await asyncio.to_thread(sentences.of, person.id, time.time())
    found = sentences.matching(known, wanted)
    return render(
        request,
        "_quick_menu.html",
        query=wanted,
        list_only=query is not None,
        found=[(one, sentences.filled(one.body, person.nickname)) for one in found],
    )


@signed_in
async def _add(request: Request) -> Response:
    person, given = person_of(request), await fields(request)
    title, body = given.get("title", ""), given.get("body", "")
    shared = bool(given.get("shared"))
    if shared and not person.is_operator:
        raise HTTPException(403)
    owner = None if shared else person.id
    try:
        await asyncio.to_thread(sentences.add, owner, title, body, time.time())
    except SentenceProblem as problem:
        return await _shown(
            request, 422, problem=str(problem), title=title, body=body, shared=shared
        )
    return RedirectResponse(_PAGE, 303)


@signed_in
async def _change(request: Request) -> Response:
    sentence, given = await _theirs(request), await fields(request)
    title, body = given.get("title", ""), given.get("body", "")
    try:
        await asyncio.to_thread(sentences.change, sentence.id, title, body)
    except SentenceProblem as problem:
        return await _shown(
            request, 422, problem=str(problem), title=title, body=body, editing=sentence.id
        )
    return RedirectResponse(_PAGE, 303)


@signed_in
async def _delete(request: Request) -> Response:
    sentence = await _theirs(request)
    await asyncio.to_thread(sentences.remove, sentence.id)
    return RedirectResponse(_PAGE, 303)


async def _theirs(request: Request) -> Sentence:
    """Return the sentence of the path, which the person may change. Raises HTTPException."""
    number: int = request.path_params["number"]
    found = await asyncio.to_thread(sentences.get, number) if number <= MOST else None
    if found is None:
        raise HTTPException(404)
    if not _may_change(person_of(request), found):
        # Of somebody else's own nobody learns even that it exists.
        raise HTTPException(403 if found.shared else 404)
    return found


def _may_change(person: Person, sentence: Sentence) -> bool:
    return person.is_operator if sentence.shared else sentence.owner == person.id


async def _shown(request: Request, status: int = 200, **given: Any) -> Response:
    """Answer with the page; `given` holds what was entered and what is wrong with it."""
    known = await asyncio.to_thread(sentences.of, person_of(request).id, time.time())
    entered = {"problem": "", "title": "", "body": "", "shared": False, "editing": 0}
    return render(
        request,
        "quick_replies.html",
        status,
        own=[one for one in known if not one.shared],
        everybodys=[one for one in known if one.shared],
        placeholders=sentences.PLACEHOLDERS,
        longest_title=sentences.LONGEST_TITLE,
        longest_body=sentences.LONGEST_BODY,
        **{**entered, **given},
    )
