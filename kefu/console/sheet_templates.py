"""Beginning anew with the knowledge base of an industry; for administrators."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.backup import making, parts
from kefu.backup.progress import Tell
from kefu.console import jobs, responses
from kefu.console.forms import fields
from kefu.console.guard import administrators_only, person_of
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge import templates
from kefu.knowledge.bulk import noted
from kefu.knowledge.changes import Kind, changes
from kefu.knowledge.library import library
from kefu.knowledge.model import Category, read_files
from kefu.knowledge.settings_hints import settings_hints
from kefu.knowledge.tasks import task_titles

_PAGE = "/knowledge/sheets/templates/{name}"
_KIND = "template"
_TITLES = {
    "ecommerce": ("电商", "订单、物流、售后、支付、会员、优惠……默认就是它"),
    "service": ("服务业", "预约、门店、会员卡、充值与退款，适合美容、健身、维修、诊所等"),
    "empty": ("空的", "只有一个示例条目，自己从头写，或从表格导入"),
}


@dataclass(frozen=True)
class Template:
    """A knowledge base to begin with, in the operator's words."""

    name: str
    title: str
    about: str
    categories: tuple[Category, ...]

    @property
    def count(self) -> int:
        """Return how many entries it has."""
        return sum(len(category.entries) for category in self.categories)


@dataclass(frozen=True)
class Replaced:
    """What was done, for people; `backup` is the name of the backup made before."""

    template: Template
    backup: str
    settings: str
    hints: tuple[str, ...]


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _preview, methods=["GET"]),
        Route(_PAGE, _replace, methods=["POST"]),
    ]


@cache
def described() -> tuple[Template, ...]:
    """Return the templates, those for most shops first."""
    return tuple(_template(name) for name in _TITLES if name in templates.names())


@administrators_only
async def _preview(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@administrators_only
async def _replace(request: Request) -> Response:
    template, given = _asked_for(request), await fields(request)
    if given.get("sure") != "yes":
        return await asyncio.to_thread(
            _shown, request, 422, problem="请先勾选「我知道现在的知识库会被替换」"
        )
    by = person_of(request)
    try:
        jobs.start(
            _KIND, f"换成「{template.title}」模板", by,
            lambda tell: _replaced(template, by.login, tell), template.name,
        )  # fmt: skip
    except jobs.JobRunning as running:
        return await asyncio.to_thread(_shown, request, 409, problem=str(running))
    return responses.redirect(request, request.scope["path"])


def _shown(request: Request, status: int = 200, problem: str = "") -> Response:
    template = _asked_for(request)
    job = jobs.latest(_KIND, template.name)
    counts, broken = _effect(template)
    context: dict[str, Any] = {"counts": counts, "broken": broken, "problem": problem}
    result = job.result if job is not None else None
    return render(
        request, "sheets_template.html", status, chosen=template, job=job, done=result, **context
    )


def _asked_for(request: Request) -> Template:
    for template in described():
        if template.name == request.path_params["name"]:
            return template
    raise HTTPException(404)


def _effect(template: Template) -> tuple[Counter[str], bool]:
    """Return how many entries would come, change and go, and whether that cannot be told."""
    try:
        here = [shelf.category for shelf in library(environment().home).shelves]
    except FileProblems:
        return Counter(), True
    found = changes(here, template.categories)
    return Counter(change.kind.name.lower() for change in found if change.kind in Kind), False


def _replaced(template: Template, by: str, tell: Tell) -> Replaced:
    home, var = environment().home, environment().var
    saved = making.make("manual", of={parts.KNOWLEDGE, parts.SETTINGS}, tell=tell)
    tell("写入", 0, 0)
    with noted(home, "template", template.title, by, time.time()):
        done = templates.init(home, var, template.name, force=True)
    hints = settings_hints(home, task_titles(home))
    return Replaced(template, saved.name, done.settings, tuple(hints))


def _template(name: str) -> Template:
    title, about = _TITLES[name]
    files = sorted((templates.TEMPLATES / name / "knowledge").glob("*.yml"))
    return Template(name, title, about, read_files(files))
