"""A new entry made of a group of questions and the answer that a person gave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.guard import person_of
from kefu.console.knowledge_files import the_library
from kefu.console.loop_acts import done, with_group
from kefu.console.loop_likely import index
from kefu.console.loop_lists import Asked
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.checks import MAX_ANSWER, MIN_SIMILAR
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EntryRefused
from kefu.knowledge.library import Library
from kefu.knowledge.live_checks import FieldProblem
from kefu.labels import category_of
from kefu.loop import doing
from kefu.loop.groups import Group, suggest
from kefu.loop.settling import new_entry
from kefu.masking import without_masks

_PAGE = "/unrecognised/new"
_FIELDS = ("question", "answer", "similar")


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route(_PAGE, _form, methods=["GET"]), Route(_PAGE, _create, methods=["POST"])]


@with_group
async def _form(request: Request, given: dict[str, str], asked: Asked, group: Group) -> Response:
    known = await the_library()
    category = await asyncio.to_thread(_likely_category, group, known)
    return _shown(request, asked, group, known, category, new_entry(group))


@with_group
async def _create(request: Request, given: dict[str, str], asked: Asked, group: Group) -> Response:
    known, category = await the_library(), given.get("category", "")
    content = Content.from_dict({**given, "similar": given.get("similar", "").splitlines()})
    problems = _masks(content)
    if not problems:
        by, home = person_of(request).login, environment().home
        try:
            act = await asyncio.to_thread(
                doing.new_entry, home, group, category, content, by, time.time()
            )
            return await done(request, asked, act)
        except EntryRefused as error:
            problems = list(error.problems)
        except KefuError as error:
            problems = [FieldProblem("id", str(error))]
    return _shown(request, asked, group, known, category, content, problems, 422)


def _shown(
    request: Request, asked: Asked, group: Group, known: Library, category: str,
    content: Content, problems: Sequence[FieldProblem] = (), status: int = 200,
) -> Response:  # fmt: skip
    return render(
        request, "loop_new.html", status, asked=asked, group=group, content=content,
        categories=[shelf.category for shelf in known.shelves], category=category,
        faults=_by_field(problems, known), most=MAX_ANSWER,
        hint=_hint(content),
    )  # fmt: skip


def _by_field(problems: Sequence[FieldProblem], known: Library) -> Mapping[str, Any]:
    """Return what is wrong with each field, with the entry that it is about beside it."""
    found: dict[str, list[Any]] = {field: [] for field in (*_FIELDS, "other")}
    for problem in problems:
        field = problem.field if problem.field in _FIELDS else "other"
        other = known.entry(problem.other_label) if problem.other_label else None
        found[field].append((problem.text, other))
    return found


def _hint(content: Content) -> str:
    """Return what will have to be done before the entry can be published, "" for nothing."""
    missing = MIN_SIMILAR - len(content.similar)
    if missing <= 0:
        return ""
    return f"还差 {missing} 条相似问法，满 {MIN_SIMILAR} 条才能发布：现在写，或以后在知识库里补"


def _masks(content: Content) -> list[FieldProblem]:
    texts = [("question", content.question), ("answer", content.answer)]
    texts += [("similar", text) for text in content.similar]
    return [
        FieldProblem(field, f"请把「{text}」里的〔〕改成一般的说法")
        for field, text in texts
        if without_masks(text) != text
    ]


def _likely_category(group: Group, known: Library) -> str:
    found = index(known)
    hits = suggest(found, group) if found else []
    return category_of(hits[0].entry.label) if hits else known.shelves[0].category.id
