"""What was done with the list, and what came of it after the next publishing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.guard import operators_only
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.loop_cards import category_title, title_of
from kefu.console.pages import render
from kefu.console.suggestions import model_says
from kefu.environment import environment
from kefu.insight.share import Share
from kefu.knowledge.library import Library
from kefu.loop import acts
from kefu.loop.acts import Act
from kefu.loop.background import Kept
from kefu.loop.effects import DAYS, Effect, asked_since, effects
from kefu.publishing.history import publications
from kefu.staff.names import name_of

_PAGE = "/unrecognised/done"
_A_PAGE = 30
_SECONDS = 180.0
_TRIED = 5
_TRY_SECONDS = 5.0

_counts: Kept[dict[str, Share]] = Kept(4)


@dataclass(frozen=True)
class Tried:
    """What the model in service makes of a wording.

    Attributes:
        text: The wording.
        verdict: good, unsure or bad.
        says: What would happen, in words.
    """

    text: str
    verdict: str
    says: str


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(f"{_PAGE}/try", _try, methods=["GET"]),
    ]


@operators_only
@needs_files
async def _page(request: Request) -> Response:
    page = request.query_params.get("page", "")
    number = int(page) if page.isdecimal() and 0 < len(page) < 6 else 1
    known = await the_library()
    found = await asyncio.to_thread(_shown, max(1, number), known)
    name = "_loop_effects.html" if request.headers.get("HX-Request") else "loop_effects.html"
    return render(request, name, **found)


@operators_only
@needs_files
async def _try(request: Request) -> Response:
    act = await asyncio.to_thread(acts.find, request.query_params.get("act", ""))
    if act is None:
        raise HTTPException(404)
    answers = [await model_says(text, _TRY_SECONDS) for text in act.texts[:_TRIED]]
    known = await the_library()
    tried = [_tried(act, t, said, known) for t, said in zip(act.texts, answers, strict=False)]
    return render(request, "_loop_tried.html", tried=None if None in answers else tried)


def _shown(page: int, known: Library) -> dict[str, Any]:
    every = acts.acts()
    pages = max(1, -(-len(every) // _A_PAGE))
    begin = (min(page, pages) - 1) * _A_PAGE
    done = effects(every, publications())
    counted = _counted(done)
    pending = [e for e in done if e.needs_model and not e.published_at and not e.act.undone_by]
    chosen = done[begin : begin + _A_PAGE]
    people = {login for e in chosen for login in (e.act.by, e.act.undone_by) if login}
    return {
        "effects": chosen,
        "names": {login: name_of(login) for login in people},
        "titles": {e.act.id: _target(e.act, known) for e in chosen},
        "counts": counted,
        "counting": counted is None,
        "pending": len(pending),
        "page": min(page, pages),
        "pages": pages,
        "days": DAYS,
    }


def _counted(done: Sequence[Effect]) -> dict[str, Share] | None:
    """Return how often each was asked since; None while that is being counted."""
    live = [e for e in done if e.published_at and not e.act.undone_by]
    if not live:
        return {}
    stamp = hash(tuple((e.act.id, e.published_at) for e in live))
    key = (environment().home, environment().var)
    now = time.time()
    return _counts.get(key, lambda: asked_since(live, now), stamp, _SECONDS).value


def _target(act: Act, known: Library) -> str:
    """Return what an act was done to, in words; "" where it was no entry."""
    if not act.label:
        return ""
    if act.kind == "move":
        return f"{title_of(known, act.label)} → {category_title(known, act.label)}"
    return title_of(known, act.label)


def _tried(act: Act, text: str, said: Any, known: Library) -> Tried:
    """Return what would happen to a wording.

    Answers of the model that cannot be read, as those of another version, say nothing.
    """
    try:
        outcome = str(said.get("outcome") or "")
        labels = [str(one["label"]) for one in said["candidates"]]
        offered = [str(label) for label in said.get("options") or ()]
    except (TypeError, KeyError, AttributeError):
        return Tried(text, "bad", "助手的回答读不懂，请联系管理员")
    if outcome == "answer" and labels:
        right = labels[0] == act.label
        return Tried(text, "good" if right else "bad", f"会回答「{title_of(known, labels[0])}」")
    if outcome == "options":
        there = "，其中有这个条目" if act.label in offered else "，其中没有这个条目"
        return Tried(text, "unsure", f"拿不准，会给出选项{there}")
    return Tried(text, "bad", "听不懂")
