"""The reviewer's sample: whether answers were right."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import operators_only, person_of
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.loop_cards import title_of
from kefu.console.pages import render
from kefu.console.review_views import answer_of, goal_of, shown, week_asked_for, weeks
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.insight.words import value_text
from kefu.knowledge.library import library
from kefu.loop.reviews import VERDICTS, judge, take_back
from kefu.loop.sampling import SAMPLE

_PAGE = "/review"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(_PAGE, _page, methods=["GET"]),
        Route(_PAGE, _judge, methods=["POST"]),
        Route(f"{_PAGE}/undo", _undo, methods=["POST"]),
    ]


@operators_only
@needs_files
async def _page(request: Request) -> Response:
    return await _answer(request, dict(request.query_params))


@operators_only
@needs_files
async def _judge(request: Request) -> Response:
    given = await fields(request)
    problem = await asyncio.to_thread(_judged, given, person_of(request).login)
    if problem:
        # What was on the screen stays there, unless somebody else has judged it meanwhile.
        return await _answer(request, given, given.get("turn", ""), problem, 422)
    if not request.headers.get("HX-Request"):
        return responses.redirect(request, f"{_PAGE}?week={given.get('week', '')}")
    return await _answer(request, given)


@operators_only
@needs_files
async def _undo(request: Request) -> Response:
    given = await fields(request)
    turn = _number(given.get("turn", ""))
    await asyncio.to_thread(take_back, turn, person_of(request).login)
    return await _answer(request, given, str(turn))


async def _answer(
    request: Request, given: dict[str, str], again: str = "", problem: str = "", status: int = 200
) -> Response:
    now, known = time.time(), await the_library()
    week = await asyncio.to_thread(week_asked_for, given.get("week", ""), now)
    login, goal = person_of(request).login, goal_of(given.get("goal", ""))
    found = await asyncio.to_thread(shown, week, login, known, goal, _number(again))
    name = "_review.html" if request.headers.get("HX-Request") else "review.html"
    return render(
        request, name, status, path="/unrecognised/review", week=week, weeks=weeks(now),
        shown=found, goal=goal, verdicts=VERDICTS, problem=problem, step=SAMPLE,
        title_of=partial(title_of, known), value_text=value_text, opened=bool(problem),
    )  # fmt: skip


def _judged(given: dict[str, str], login: str) -> str:
    """Write down a verdict; return what is wrong with it, "" where nothing is."""
    verdict = given.get("verdict", "")
    week = week_asked_for(given.get("week", ""), time.time())
    answer = answer_of(week, given.get("turn", ""))
    if answer is None or verdict not in VERDICTS:
        return "没有这条回答，请刷新后再看"
    right = (given.get("right", "") or None) if verdict == "should_be" else None
    if verdict == "should_be":
        if right is None or library(environment().home).entry(right) is None:
            return "请选应该回答的条目；没有合适的条目，请选「不该回答」或「错」"
        if right == answer.label:
            return "这就是助手给出的条目：没有答错的话，请选「对」"
    try:
        judge(answer, verdict, right, login, time.time())
    except KefuError as error:
        return str(error)
    return ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
