"""A new entry: filled in by hand, from a question that was not understood, or from the past."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.knowledge_entry_view import entry_form, nothing_known
from kefu.console.knowledge_files import needs_files
from kefu.console.knowledge_form import MAX_FORM, NEW_CATEGORY, Given, given
from kefu.console.knowledge_history_view import changes_of
from kefu.console.knowledge_past import removed_by
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge import editing
from kefu.knowledge.content import Content
from kefu.knowledge.ids import new_id
from kefu.knowledge.library import Library, library
from kefu.normalise import match_key

_PAGE = "/knowledge/new"
_LONGEST_TITLE = 20
_NO_CATEGORY = "请选择分类"
_NO_TITLE = f"请写新分类的名称，至多 {_LONGEST_TITLE} 个字"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route(_PAGE, _blank, methods=["GET"]), Route(_PAGE, _add, methods=["POST"])]


@operators_only
@needs_files
async def _blank(request: Request) -> Response:
    return await asyncio.to_thread(_filled, request)


@operators_only
@needs_files
@max_body(MAX_FORM)
async def _add(request: Request) -> Response:
    return await asyncio.to_thread(_added, request, await given(request))


def page(
    request: Request, known: Library, shown: Given, error: str = "", status: int = 200
) -> Response:
    """Answer with the form of a new entry."""
    return render(
        request, "knowledge_entry.html", status,
        form=entry_form(known, "", shown, strict=status != 200), changes=[],
        error=error, saved=None, kept=(), restored=False,
    )  # fmt: skip


def _filled(request: Request) -> Response:
    known, asked = library(environment().home), request.query_params
    former = removed_by(asked.get("from", ""))
    if former is not None:
        label, content = former
        return page(request, known, Given(content, category=label.split("/", 1)[0]))
    texts = {name: asked.get(name, "").replace("\0", "") for name in ("question", "answer", "page")}
    lists = {
        name: [
            line for value in asked.getlist(name) for line in value.replace("\0", "").splitlines()
        ]
        for name in ("similar", "buttons", "keywords")
    }
    content = Content.from_dict({**texts, **lists})
    return page(request, known, Given(content, category=asked.get("category", "")))


def _added(request: Request, sent: Given) -> Response:
    home = environment().home
    try:
        known = library(home)
    except FileProblems as error:
        text = f"知识库文件有误，没有保存：{error.problems[0].text}"
        return page(request, nothing_known(), sent, text, 422)
    category, title, wrong = _category(known, sent)
    if wrong:
        return page(request, known, sent, wrong, 422)
    label = f"{category}/{_free_id(known, category, sent.content.question)}"
    login, now = person_of(request).login, time.time()
    try:
        saved = editing.add(home, label, sent.content, login, now, title=title, taken=sent.taken)
    except KefuError as error:
        twin = _twin(library(home), sent.content)
        if twin:
            return responses.redirect(request, f"/knowledge/entries/{twin}?saved=same")
        return page(request, known, sent, str(error), 422)
    return responses.redirect(request, f"/knowledge/entries/{saved.label}?saved={saved.change}")


def _twin(known: Library, content: Content) -> str:
    """Return the entry that says exactly this: the same form was sent twice."""
    for label, _ in known.askers(match_key(content.question)):
        entry = known.entry(label)
        if entry is not None and Content.of(entry) == content:
            return label
    return ""


def _category(known: Library, sent: Given) -> tuple[str, str, str]:
    """Return id of the category, its title when it begins now, and what is wrong."""
    titles = {shelf.category.title: shelf.category.id for shelf in known.shelves}
    if sent.category != NEW_CATEGORY:
        there = known.category(sent.category) is not None
        return sent.category, "", "" if there else _NO_CATEGORY
    if not sent.title or len(sent.title) > _LONGEST_TITLE:
        return "", "", _NO_TITLE
    if sent.title in titles:
        return titles[sent.title], "", ""
    return new_id(sent.title, set(titles.values()), "category"), sent.title, ""


def _free_id(known: Library, category: str, question: str) -> str:
    there = known.category(category)
    taken = {entry.label.split("/", 1)[1] for entry in there.entries} if there else set()
    # What was removed keeps its name in the figures and the history.
    for change in changes_of(known.home):
        taken |= {
            e.label.split("/", 1)[1] for e in change.entries if e.label.startswith(f"{category}/")
        }
    return new_id(question, taken, "entry")
